/** Hosts and their sessions. A removed host's row stays, so that its key is answered by name (HOST_REMOVED). */
import { LongshoreError } from '../../../fleet/errors.ts';
import type { HostAvailability } from '../../../fleet/host.ts';
import type { HostId } from '../../../fleet/ids.ts';
import type { HostInstance, HostRow } from '../records.ts';
import type { HostStore } from '../store.ts';
import type { HostsTable } from '../tables.ts';
import { append } from './events.ts';
import { conflict, fromJson, inChunks, notFound, slice, toJson } from './transaction.ts';
import type { Transaction } from './transaction.ts';

type Args<K extends keyof HostStore> = Parameters<HostStore[K]>[0];
type Answer<K extends keyof HostStore> = ReturnType<HostStore[K]>;

export async function host({ db }: Transaction, { id }: Args<'host'>): Answer<'host'> {
  const row = await db.selectFrom('hosts').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? null : toHost(row);
}

export async function findHost({ db }: Transaction, args: Args<'findHost'>): Answer<'findHost'> {
  const rows = await db
    .selectFrom('hosts')
    .selectAll()
    .where((where) => where.or([where('id', '=', args.host), where('name', '=', args.host)]))
    .where('removed_at', 'is', null)
    .execute();
  // A host chooses its name when it enrols: one that took another's id as its name must not stand in for it.
  const row = rows.find(({ id }) => id === args.host) ?? rows[0];
  return row === undefined ? null : toHost(row);
}

export async function listHosts({ db }: Transaction, args: Args<'listHosts'>): Answer<'listHosts'> {
  let query = db
    .selectFrom('hosts')
    .selectAll()
    .where('removed_at', 'is', null)
    .orderBy('name')
    .limit(args.limit + 1);
  if (args.after !== null) query = query.where('name', '>', args.after);
  if (args.pool !== null) query = query.where('pool', '=', args.pool);
  const { app } = args;
  if (app !== null) {
    query = query.where((where) =>
      where.exists(
        where
          .selectFrom('targets')
          .select('targets.app')
          .whereRef('targets.host', '=', 'hosts.id')
          .where('targets.app', '=', app),
      ),
    );
  }
  return slice(await query.execute(), args.limit, toHost, (row) => row.name);
}

export async function hostNames({ db }: Transaction, args: Args<'hostNames'>): Answer<'hostNames'> {
  const names: Record<HostId, string> = {};
  for (const ids of inChunks(args.ids)) {
    const rows = await db
      .selectFrom('hosts')
      .select(['id', 'name'])
      .where('id', 'in', [...ids])
      .execute();
    for (const row of rows) names[row.id as HostId] = row.name;
  }
  return names;
}

export async function allHosts({ db }: Transaction): Answer<'allHosts'> {
  const rows = await db.selectFrom('hosts').selectAll().where('removed_at', 'is', null).orderBy('name').execute();
  return rows.map(toHost);
}

export async function patchHost(transaction: Transaction, args: Args<'patchHost'>): Answer<'patchHost'> {
  const { db } = transaction;
  const { id, availability, labels, name } = args;
  const before = await host(transaction, { id });
  if (before?.removedAt !== null) throw notFound(`change host ${id}: not found`);
  if (name !== null && name !== before.name) {
    const taken = await db
      .selectFrom('hosts')
      .select('id')
      .where('name', '=', name)
      .where('removed_at', 'is', null)
      .executeTakeFirst();
    if (taken !== undefined) throw conflict(`rename host ${before.name}: another host has the name ${name}`);
  }
  await db
    .updateTable('hosts')
    .set({
      availability: availability ?? before.availability,
      name: name ?? before.name,
      labels_own: toJson(ownLabels(before, labels ?? {}, args.inheritLabels ?? [])),
      // What a person decides is not undone by the next boot.
      ...(availability === null ? {} : { power_off_boot: null }),
    })
    .where('id', '=', id)
    .execute();
  await append(transaction, args.events);
  return required(transaction, id);
}

export async function removeHost(transaction: Transaction, args: Args<'removeHost'>): Answer<'removeHost'> {
  const { db } = transaction;
  const [changed] = await db
    .updateTable('hosts')
    .set({ removed_at: args.at })
    .where('id', '=', args.id)
    .where('removed_at', 'is', null)
    .execute();
  if (changed === undefined || changed.numUpdatedRows === 0n) throw notFound(`remove host ${args.id}: not found`);
  await db.deleteFrom('targets').where('host', '=', args.id).execute();
  await db.deleteFrom('sessions').where('host', '=', args.id).execute();
  await append(transaction, args.events);
}

export async function openSession(transaction: Transaction, args: Args<'openSession'>): Answer<'openSession'> {
  const { db } = transaction;
  const row = await db.selectFrom('hosts').selectAll().where('id', '=', args.host).executeTakeFirst();
  if (row === undefined) throw notFound(`open a session of host ${args.host}: not found`);
  if (row.removed_at !== null)
    throw new LongshoreError('HOST_REMOVED', `open a session of host ${row.name}: it was removed`);
  const isBack = row.power_off_boot !== null && row.power_off_boot !== args.boot;
  const epoch = Number(row.session_epoch) + 1;
  await db
    .updateTable('hosts')
    .set({
      platform: args.platform,
      agent_version: args.agentVersion,
      engine_version: args.engineVersion,
      last_seen_at: args.at,
      session_epoch: epoch,
      ...(isBack ? { availability: 'active', power_off_boot: null } : {}),
    })
    .where('id', '=', args.host)
    .execute();
  const session = { coordinator: args.coordinator, url: args.url, epoch, opened_at: args.at, closed_at: null };
  await db
    .insertInto('sessions')
    .values({ host: args.host, ...session })
    .onConflict((clash) => clash.column('host').doUpdateSet(session))
    .execute();
  await append(transaction, isBack ? [...args.events, ...args.backEvents] : args.events);
  return {
    host: await required(transaction, args.host),
    session: { host: args.host, coordinator: args.coordinator, url: args.url, epoch, openedAt: args.at },
    placementChanged: isBack || row.platform !== args.platform,
  };
}

export async function powerOff(transaction: Transaction, args: Args<'powerOff'>): Answer<'powerOff'> {
  const { db } = transaction;
  const [changed] = await db
    .updateTable('hosts')
    .set({ availability: 'draining', power_off_boot: args.boot })
    .where('id', '=', args.id)
    .where('removed_at', 'is', null)
    // A cordon or a drain of a person stays as it is, and stays after the next boot.
    .where('availability', '=', 'active')
    .execute();
  if (changed === undefined || changed.numUpdatedRows === 0n) return false;
  await append(transaction, args.events);
  return true;
}

export async function setPoolLabels(transaction: Transaction, args: Args<'setPoolLabels'>): Answer<'setPoolLabels'> {
  for (const { host: id, labels } of args.hosts) {
    await transaction.db
      .updateTable('hosts')
      .set({ labels_pool: toJson(labels) })
      .where('id', '=', id)
      .where('removed_at', 'is', null)
      .execute();
  }
  await append(transaction, args.events);
}

export async function closeSession(transaction: Transaction, args: Args<'closeSession'>): Answer<'closeSession'> {
  const { db } = transaction;
  await db.updateTable('hosts').set({ last_seen_at: args.at }).where('id', '=', args.host).execute();
  await db
    .updateTable('sessions')
    .set({ closed_at: args.at })
    .where('host', '=', args.host)
    .where('epoch', '=', args.epoch)
    .execute();
  await append(transaction, args.events);
}

export async function touchHosts({ db }: Transaction, args: Args<'touchHosts'>): Answer<'touchHosts'> {
  for (const { host: id, at } of args.seen) {
    await db.updateTable('hosts').set({ last_seen_at: at }).where('id', '=', id).execute();
  }
}

async function required(transaction: Transaction, id: HostId): Promise<HostRow> {
  const row = await host(transaction, { id });
  if (row === null) throw notFound(`read host ${id}: not found`);
  return row;
}

function ownLabels(
  before: HostRow,
  changes: Readonly<Record<string, string | null>>,
  inherit: readonly string[],
): Readonly<Record<string, string | null>> {
  const all = Object.entries({ ...before.ownLabels, ...changes });
  return Object.fromEntries(all.filter(([key]) => !inherit.includes(key)));
}

function mergedLabels(row: HostsTable): Readonly<Record<string, string>> {
  const merged: Readonly<Record<string, string | null>> = {
    ...fromJson<Record<string, string>>(row.labels_agent),
    ...fromJson<Record<string, string>>(row.labels_pool),
    ...fromJson<Record<string, string | null>>(row.labels_own),
  };
  return Object.fromEntries(Object.entries(merged).filter((label): label is [string, string] => label[1] !== null));
}

export function toHost(row: HostsTable): HostRow {
  return {
    id: row.id as HostId,
    name: row.name,
    pool: row.pool,
    labels: mergedLabels(row),
    availability: row.availability as HostAvailability,
    platform: row.platform,
    agentVersion: row.agent_version,
    engineVersion: row.engine_version,
    enrolledAt: Number(row.enrolled_at),
    lastSeenAt: row.last_seen_at === null ? null : Number(row.last_seen_at),
    publicKey: row.public_key,
    sealingKey: row.sealing_key,
    acked:
      row.acked_epoch === null || row.acked_generation === null
        ? null
        : { epoch: Number(row.acked_epoch), generation: Number(row.acked_generation) },
    removedAt: row.removed_at === null ? null : Number(row.removed_at),
    instance: instanceOf(row),
    poolLabels: fromJson(row.labels_pool),
    ownLabels: fromJson(row.labels_own),
    poweringOff: row.power_off_boot !== null,
  };
}

function instanceOf(row: HostsTable): HostInstance | null {
  const { project_number: projectNumber, instance_id: id, instance_zone: zone, instance_name: name } = row;
  return projectNumber === null || id === null || zone === null || name === null
    ? null
    : { projectNumber, id, zone, name };
}
