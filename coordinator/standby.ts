/**
 * A second coordinator over the same database: it waits as a standby until the one that leads ends or hangs, answers
 * meanwhile that it is one, and then starts like any other. What keeps the former leader from writing is the database:
 * its lock is its connection, and that has ended by then.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { CoordinatorConfig } from './config.ts';
import type { DoctorFinding } from './control/control-options.ts';
import { LongshoreError } from '../fleet/errors.ts';
import { withEitherSignal } from '../fleet/with-either-signal.ts';
import { listenAsStandby } from './http/standby-server.ts';
import type { StandbyServer, StandbyServerOptions } from './http/standby-server.ts';
import { readOrMakeKey } from './secrets/key-file.ts';
import { checkStoredKey } from './secrets/key-loss.ts';
import { makeVault } from './secrets/vault.ts';
import type { PostgresClient } from './store/postgres-client.ts';
import { kyselyOver } from './store/postgres-dialect.ts';
import { shownName } from './store/postgres-lock.ts';
import type { StandbyOptions } from './store/postgres-open.ts';
import { storedKeyCheck } from './store/sql/secrets.ts';
import type { Store } from './store/store.ts';

export interface WaitingOptions extends Omit<StandbyServerOptions, 'leader'> {
  /** @throws what keeps it from ever leading */
  readonly check: StandbyOptions['check'];
  readonly mayLead: StandbyOptions['mayLead'];
  /** It answers as a standby from now on. @param statusLine what it waits for, for people */
  readonly onStandby: (statusLine: () => string) => void;
  readonly log: { info(fields: object, text: string): void };
  /** Aborts when the process is to end. */
  readonly signal: AbortSignal;
}

/** @param open gets a store, at once or after it has waited @throws what `open` throws, or the listening socket */
export async function openOrStandBy(
  open: (standby: StandbyOptions) => Promise<Store>,
  { check, mayLead, onStandby, log, signal, ...serverOptions }: WaitingOptions,
): Promise<Store> {
  const waiting: { leader: string | null; server: Promise<StandbyServer> | null } = { leader: null, server: null };
  const failed = new AbortController();
  const onWaiting: StandbyOptions['onWaiting'] = (holder) => {
    waiting.leader = holder === null ? null : shownName(holder);
    const text = 'another coordinator leads: this one is a standby, and takes over when that one ends or hangs';
    waiting.server ??= listenAsStandby({ ...serverOptions, leader: () => waiting.leader });
    waiting.server.then(
      () => {
        log.info({ leader: waiting.leader }, text);
        onStandby(() => `standby: ${waiting.leader ?? 'another coordinator'} leads`);
      },
      // A standby that nobody can ask is none.
      (error: unknown) => failed.abort(error),
    );
  };
  try {
    const store = await withEitherSignal(signal, failed.signal, (either) =>
      open({ check, mayLead, onWaiting, signal: either }),
    );
    if (waiting.server !== null) log.info({}, 'this coordinator leads now');
    return store;
  } catch (error) {
    throw failed.signal.aborted ? failed.signal.reason : error;
  } finally {
    const server = await waiting.server?.catch(() => null);
    await server?.close();
  }
}

/** A standby with a key of its own would lead without a single secret. @throws CONFIG_INVALID, STATE_FILE_INVALID */
export async function requireSharedKey(
  { secretsKeyFile: file }: Pick<CoordinatorConfig, 'secretsKeyFile'>,
  client: PostgresClient,
): Promise<void> {
  if (!existsSync(file))
    throw new LongshoreError('CONFIG_INVALID', `stand by: the key of the secrets ${file} is missing`, {
      hint: 'Copy the file from the machine of the coordinator that leads, with mode 0600.',
    });
  const key = readOrMakeKey(file, randomBytes);
  // Whoever leads may be making the schema at this moment.
  if (!(await hasTables(client))) return;
  const stored = await storedKeyCheck({ db: kyselyOver(client), appended: [] });
  if (stored !== null) checkStoredKey(makeVault(key, randomBytes), stored);
}

/**
 * Whether a coordinator has begun here: each makes an admin token first. One that is only ever to take over must not begin
 * an empty database, into which the other may be about to move its data.
 */
export async function hasBegun(client: PostgresClient): Promise<boolean> {
  if (!(await hasTables(client))) return false;
  const { rows } = await client.query('select exists (select from api_tokens) as begun');
  return (rows as readonly { readonly begun: boolean }[])[0]?.begun === true;
}

async function hasTables(client: PostgresClient): Promise<boolean> {
  const { rows } = await client.query("select to_regclass('meta') as name");
  return (rows as readonly { readonly name: string | null }[])[0]?.name !== null;
}

/** Who else could lead. */
export async function standbyFinding(name: string, store: Pick<Store, 'standbys'>): Promise<DoctorFinding> {
  const others = await store.standbys();
  const text =
    others.length === 0
      ? `${name} leads, and no other coordinator waits to take over`
      : `${name} leads; ${others.join(', ')} would take over`;
  return { name: 'standby', ok: true, text };
}
