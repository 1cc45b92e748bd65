/** Apps, their releases, and what is in quarantine. A release never changes; its number is never used twice. */
import { createHash } from 'node:crypto';
import type { AppSpec } from '../../../fleet/app-spec.ts';
import { canonicalJson } from '../../../fleet/canonical-json.ts';
import type { DeploymentState } from '../../../fleet/deployment.ts';
import { groupBy } from '../../../fleet/group-by.ts';
import type { AppName, DeploymentId, Digest } from '../../../fleet/ids.ts';
import type { Release } from '../../../fleet/release.ts';
import type { ReleaseContent } from '../assignment-entries.ts';
import type { AppRow, QuarantineRow, ReleaseKey } from '../records.ts';
import type { ReleaseStore } from '../store.ts';
import type { Tables } from '../tables.ts';
import { append } from './events.ts';
import { fromJson, inChunks, numberAfter, slice, toJson } from './transaction.ts';
import type { Transaction } from './transaction.ts';

type Args<K extends keyof ReleaseStore> = Parameters<ReleaseStore[K]>[0];
type Answer<K extends keyof ReleaseStore> = ReturnType<ReleaseStore[K]>;

export async function app({ db }: Transaction, args: Args<'app'>): Answer<'app'> {
  const row = await db.selectFrom('apps').selectAll().where('name', '=', args.app).executeTakeFirst();
  return row === undefined ? null : toApp(row);
}

export async function listApps({ db }: Transaction, args: Args<'listApps'>): Answer<'listApps'> {
  let query = db
    .selectFrom('apps')
    .selectAll()
    .where('removed_at', 'is', null)
    .orderBy('name')
    .limit(args.limit + 1);
  if (args.after !== null) query = query.where('name', '>', args.after);
  return slice(await query.execute(), args.limit, toApp, (row) => row.name);
}

export async function currentReleases({ db }: Transaction): Answer<'currentReleases'> {
  const rows = await db
    .selectFrom('apps')
    .innerJoin('releases', (join) =>
      join.onRef('releases.app', '=', 'apps.name').onRef('releases.number', '=', 'apps.succeeded'),
    )
    .selectAll('releases')
    .select('apps.succeeded_by')
    .where('apps.removed_at', 'is', null)
    .orderBy('apps.name')
    .execute();
  return rows.map((row) => ({ release: toRelease(row), deployment: row.succeeded_by as DeploymentId }));
}

export async function release({ db }: Transaction, args: Args<'release'>): Answer<'release'> {
  const row = await db
    .selectFrom('releases')
    .selectAll()
    .where('app', '=', args.app)
    .where('number', '=', args.number)
    .executeTakeFirst();
  return row === undefined ? null : toRelease(row);
}

export async function releases(transaction: Transaction, args: Args<'releases'>): Answer<'releases'> {
  const found = await releaseContents(transaction, args.app, args.numbers);
  return found.map((content) => content.release);
}

/** What is read stays here: specs are large, and lists of deployments long. */
export async function requiringAll(transaction: Transaction, args: Args<'requiringAll'>): Answer<'requiringAll'> {
  const found: ReleaseKey[] = [];
  for (const [app, keys] of groupBy(args.releases, (key) => key.app))
    for (const chunk of inChunks([...new Set(keys.map(({ release }) => release))])) {
      const rows = await transaction.db
        .selectFrom('releases')
        .select(['number', 'spec'])
        .where('app', '=', app)
        .where('number', 'in', [...chunk])
        .execute();
      for (const row of rows)
        if (fromJson<AppSpec>(row.spec).require === 'all') found.push({ app, release: Number(row.number) });
    }
  return found;
}

export async function releaseContents(
  { db }: Transaction,
  name: AppName,
  numbers: readonly number[],
): Promise<readonly ReleaseContent[]> {
  const found: ReleaseContent[] = [];
  for (const chunk of inChunks(numbers)) {
    const rows = await db
      .selectFrom('releases')
      .selectAll()
      .where('app', '=', name)
      .where('number', 'in', [...chunk])
      .execute();
    for (const row of rows) found.push({ release: toRelease(row), content: row.content });
  }
  return found;
}

export async function listReleases({ db }: Transaction, args: Args<'listReleases'>): Answer<'listReleases'> {
  const after = numberAfter(args.after);
  let query = db
    .selectFrom('releases')
    .selectAll('releases')
    .select((select) =>
      select
        .selectFrom('deployments')
        .select('deployments.state')
        .whereRef('deployments.app', '=', 'releases.app')
        .whereRef('deployments.release', '=', 'releases.number')
        .orderBy('deployments.seq', 'desc')
        .limit(1)
        .as('outcome'),
    )
    .where('releases.app', '=', args.app)
    .orderBy('releases.number', 'desc')
    .limit(args.limit + 1);
  if (after !== null) query = query.where('releases.number', '<', after);
  return slice(
    await query.execute(),
    args.limit,
    (row) => ({
      release: toRelease(row),
      outcome: row.outcome as DeploymentState | null,
      served: Number(row.served) === 1,
    }),
    (row) => String(row.number),
  );
}

export async function insertRelease(transaction: Transaction, fresh: Release): Promise<void> {
  const { spec, hashes, secretVersions } = fresh;
  await transaction.db
    .insertInto('releases')
    .values({
      app: fresh.app,
      number: fresh.number,
      spec: toJson(spec),
      hashes: toJson(hashes),
      secret_versions: toJson(secretVersions),
      content: createHash('sha256').update(canonicalJson({ spec, hashes, secretVersions })).digest('hex'),
      cause: toJson(fresh.cause),
      created_at: fresh.createdAt,
      served: 0,
      served_after: null,
    })
    .execute();
}

export async function quarantine({ db }: Transaction, args: Args<'quarantine'>): Answer<'quarantine'> {
  const rows = await db
    .selectFrom('quarantine')
    .selectAll()
    .where('app', '=', args.app)
    .orderBy('since')
    .orderBy('service')
    .execute();
  return rows.map(toQuarantine);
}

export async function insertQuarantine({ db }: Transaction, rows: readonly QuarantineRow[]): Promise<void> {
  for (const row of rows) {
    await db
      .insertInto('quarantine')
      .values({ ...row })
      .onConflict((clash) => {
        const known = clash.columns(['app', 'service', 'digest']);
        // A failed gate weighs more than a hold, and the first reason stays.
        return row.kind === 'held'
          ? known.doNothing()
          : known.doUpdateSet({ ...row }).where('quarantine.kind', '=', 'held');
      })
      .execute();
  }
}

export async function releaseQuarantine(
  transaction: Transaction,
  args: Args<'releaseQuarantine'>,
): Answer<'releaseQuarantine'> {
  const before = await quarantine(transaction, { app: args.app });
  if (before.length === 0) return [];
  await transaction.db.deleteFrom('quarantine').where('app', '=', args.app).execute();
  await append(transaction, args.events);
  return before;
}

function toApp(row: Tables['apps']): AppRow {
  return {
    app: row.name as AppName,
    succeeded: row.succeeded === null ? null : Number(row.succeeded),
    succeededBy: row.succeeded_by as DeploymentId | null,
    newest: Number(row.newest),
    createdAt: Number(row.created_at),
    removedAt: row.removed_at === null ? null : Number(row.removed_at),
  };
}

function toRelease(row: Tables['releases']): Release {
  return {
    app: row.app as AppName,
    number: Number(row.number),
    spec: fromJson(row.spec),
    hashes: fromJson(row.hashes),
    secretVersions: fromJson(row.secret_versions),
    cause: fromJson(row.cause),
    createdAt: Number(row.created_at),
  };
}

function toQuarantine(row: Tables['quarantine']): QuarantineRow {
  return {
    kind: row.kind === 'held' ? 'held' : 'failed',
    app: row.app as AppName,
    service: row.service,
    digest: row.digest as Digest,
    reason: row.reason,
    since: Number(row.since),
    deployment: row.deployment as DeploymentId,
  };
}
