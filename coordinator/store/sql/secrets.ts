/** Ciphertexts of secrets and registry passwords. This file never sees a value. */
import type { AppName } from '../../../fleet/ids.ts';
import type { AppSpec } from '../../../fleet/app-spec.ts';
import { LongshoreError } from '../../../fleet/errors.ts';
import type { Release } from '../../../fleet/release.ts';
import type { PinnedSecret, SecretForHost } from '../records.ts';
import type { SecretStore } from '../store.ts';
import { append } from './events.ts';
import { releasesInUse } from './forget-releases.ts';
import { releaseContents } from './releases.ts';
import { secretVersionFloor } from './restores.ts';
import { conflict, fromJson, getMeta, inChunks, notFound, setMeta, slice } from './transaction.ts';
import type { Transaction } from './transaction.ts';

type Args<K extends keyof SecretStore> = Parameters<SecretStore[K]>[0];
type Answer<K extends keyof SecretStore> = ReturnType<SecretStore[K]>;

export async function listSecrets({ db }: Transaction, args: Args<'listSecrets'>): Answer<'listSecrets'> {
  let query = db
    .selectFrom('secrets')
    .selectAll()
    .where('app', '=', args.app)
    .where('removed', '=', 0)
    .orderBy('name')
    .limit(args.limit + 1);
  if (args.after !== null) query = query.where('name', '>', args.after);
  return slice(
    await query.execute(),
    args.limit,
    (row) => ({
      app: row.app as AppName,
      name: row.name,
      version: Number(row.last_version),
      setAt: Number(row.set_at),
    }),
    (row) => row.name,
  );
}

export async function secretVersions({ db }: Transaction, args: Args<'secretVersions'>): Answer<'secretVersions'> {
  const versions: Record<string, number> = {};
  for (const names of inChunks(args.names)) {
    const rows = await db
      .selectFrom('secrets')
      .select(['name', 'last_version'])
      .where('app', '=', args.app)
      .where('name', 'in', [...names])
      .where('removed', '=', 0)
      .execute();
    for (const row of rows) versions[row.name] = Number(row.last_version);
  }
  return versions;
}

export async function lastSecretVersion(
  transaction: Transaction,
  args: Args<'lastSecretVersion'>,
): Answer<'lastSecretVersion'> {
  const row = await transaction.db
    .selectFrom('secrets')
    .select('last_version')
    .where('app', '=', args.app)
    .orderBy('last_version', 'desc')
    .limit(1)
    .executeTakeFirst();
  return Math.max(Number(row?.last_version ?? 0), await secretVersionFloor(transaction));
}

export async function putSecret(transaction: Transaction, args: Args<'putSecret'>): Answer<'putSecret'> {
  const { db } = transaction;
  const { app, name, version, at } = args;
  if ((await lastSecretVersion(transaction, { app })) + 1 !== version) {
    throw conflict(`set secret ${name} of ${app}: somebody else set it at the same time`);
  }
  await db
    .insertInto('secrets')
    .values({ app, name, last_version: version, set_at: at, removed: 0 })
    .onConflict((clash) =>
      clash.columns(['app', 'name']).doUpdateSet({ last_version: version, set_at: at, removed: 0 }),
    )
    .execute();
  await db
    .insertInto('secret_versions')
    .values({ app, name, version, ciphertext: toText(args.ciphertext), set_at: at })
    .execute();
  await append(transaction, args.events);
  return { app, name, version, setAt: at };
}

export async function removeSecret(transaction: Transaction, args: Args<'removeSecret'>): Answer<'removeSecret'> {
  const { db } = transaction;
  await refuseUsed(transaction, args);
  const [changed] = await db
    .updateTable('secrets')
    .set({ removed: 1 })
    .where('app', '=', args.app)
    .where('name', '=', args.name)
    .where('removed', '=', 0)
    .execute();
  if (changed === undefined || changed.numUpdatedRows === 0n) {
    throw notFound(`remove secret ${args.name} of ${args.app}: not found`);
  }
  await db.deleteFrom('secret_versions').where('app', '=', args.app).where('name', '=', args.name).execute();
  await append(transaction, args.events);
}

/** A host that joins, goes back, or loses its disk would not get it any more. @throws CONFLICT */
async function refuseUsed(
  transaction: Transaction,
  { app, name }: Pick<Args<'removeSecret'>, 'app' | 'name'>,
): Promise<void> {
  const found = await releaseContents(transaction, app, [...(await releasesInUse(transaction, app))]);
  const user = found.find(({ release }) => Object.values(release.spec.secrets).some((secret) => secret.name === name));
  if (user === undefined) return;
  throw new LongshoreError(
    'CONFLICT',
    `remove secret ${name} of ${app}: release ${user.release.number} uses it, and hosts run it, are on their way to it or may go back to it`,
    { hint: 'Deploy a release without it first.' },
  );
}

/** A name may have a value again, of another version: what the release pins is gone all the same. @throws SECRET_MISSING */
export async function requireSecretVersions({ db }: Transaction, release: Release): Promise<void> {
  const { app, number, spec, secretVersions } = release;
  const pinned = Object.entries(secretVersions).map(([key, version]) => ({
    name: spec.secrets[key]?.name ?? key,
    version,
  }));
  const kept = new Set<string>();
  for (const chunk of inChunks([...new Set(pinned.map(({ name }) => name))])) {
    const rows = await db
      .selectFrom('secret_versions')
      .select(['name', 'version'])
      .where('app', '=', app)
      .where('name', 'in', [...chunk])
      .execute();
    for (const row of rows) kept.add(`${row.name} ${Number(row.version)}`);
  }
  const missing = pinned.filter(({ name, version }) => !kept.has(`${name} ${version}`));
  if (missing.length === 0) return;
  const names = missing.map(({ name, version }) => `${name} (version ${version})`).join(', ');
  throw new LongshoreError('SECRET_MISSING', `deploy ${app} release ${number}: its secret ${names} was removed`, {
    hint: 'A removed value cannot be brought back. Set the secret anew and deploy: that makes a release which uses it.',
  });
}

export async function secretsForHost({ db }: Transaction, args: Args<'secretsForHost'>): Answer<'secretsForHost'> {
  const rows = await db
    .selectFrom('targets')
    .innerJoin('releases', (join) =>
      join.onRef('releases.app', '=', 'targets.app').onRef('releases.number', '=', 'targets.release'),
    )
    .select(['releases.app', 'releases.spec', 'releases.secret_versions'])
    .where('targets.host', '=', args.host)
    .where('targets.kind', '=', 'run')
    .where('releases.secret_versions', '!=', '{}')
    .execute();
  const found: SecretForHost[] = [];
  const missing: PinnedSecret[] = [];
  for (const row of rows) {
    const { secrets } = fromJson<AppSpec>(row.spec);
    for (const [key, version] of Object.entries(fromJson<Record<string, number>>(row.secret_versions))) {
      const name = secrets[key]?.name ?? key;
      const secret = await db
        .selectFrom('secret_versions')
        .select('ciphertext')
        .where('app', '=', row.app)
        .where('name', '=', name)
        .where('version', '=', version)
        .executeTakeFirst();
      const pinned = { app: row.app as AppName, secret: key, name, version };
      if (secret === undefined) missing.push(pinned);
      else found.push({ ...pinned, ciphertext: fromText(secret.ciphertext) });
    }
  }
  return { found, missing };
}

export async function secretsOfApp({ db }: Transaction, args: Args<'secretsOfApp'>): Answer<'secretsOfApp'> {
  let query = db.selectFrom('secret_versions').selectAll();
  if (args.app !== null) query = query.where('app', '=', args.app);
  const rows = await query.execute();
  return rows.map((row) => ({
    app: row.app as AppName,
    name: row.name,
    version: Number(row.version),
    ciphertext: fromText(row.ciphertext),
  }));
}

export async function listRegistries({ db }: Transaction, args: Args<'listRegistries'>): Answer<'listRegistries'> {
  let query = db
    .selectFrom('registries')
    .select(['registry', 'username', 'set_at'])
    .orderBy('registry')
    .limit(args.limit + 1);
  if (args.after !== null) query = query.where('registry', '>', args.after);
  return slice(
    await query.execute(),
    args.limit,
    (row) => ({ registry: row.registry, username: row.username, setAt: Number(row.set_at) }),
    (row) => row.registry,
  );
}

export async function registries({ db }: Transaction): Answer<'registries'> {
  const rows = await db.selectFrom('registries').selectAll().orderBy('registry').execute();
  return rows.map((row) => ({
    registry: row.registry,
    username: row.username,
    setAt: Number(row.set_at),
    ciphertext: fromText(row.ciphertext),
  }));
}

export async function putRegistry(transaction: Transaction, args: Args<'putRegistry'>): Answer<'putRegistry'> {
  const { registry, username, at } = args;
  const value = { username, ciphertext: toText(args.ciphertext), set_at: at };
  await transaction.db
    .insertInto('registries')
    .values({ registry, ...value })
    .onConflict((clash) => clash.column('registry').doUpdateSet(value))
    .execute();
  await append(transaction, args.events);
  return { registry, username, setAt: at };
}

export async function removeRegistry(transaction: Transaction, args: Args<'removeRegistry'>): Answer<'removeRegistry'> {
  const [changed] = await transaction.db.deleteFrom('registries').where('registry', '=', args.registry).execute();
  if (changed === undefined || changed.numDeletedRows === 0n) {
    throw notFound(`forget the credential of ${args.registry}: not found`);
  }
  await append(transaction, args.events);
}

export async function keyCheck(transaction: Transaction, args: Args<'keyCheck'>): Answer<'keyCheck'> {
  const stored = await storedKeyCheck(transaction);
  if (stored !== null) return stored;
  await setMeta(transaction, 'key-check', toText(args.ciphertext));
  return args.ciphertext;
}

export async function storedKeyCheck(transaction: Transaction): Promise<Uint8Array | null> {
  const stored = await getMeta(transaction, 'key-check');
  return stored === null ? null : fromText(stored);
}

export async function replaceKeyCheck(
  transaction: Transaction,
  args: Args<'replaceKeyCheck'>,
): Answer<'replaceKeyCheck'> {
  await setMeta(transaction, 'key-check', toText(args.ciphertext));
  await append(transaction, args.events);
}

const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const fromText = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
