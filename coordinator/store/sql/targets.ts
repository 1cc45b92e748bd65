/** The one desired state, and the assignments with their numbers that follow from it. */
import { createHash } from 'node:crypto';
import { compareOrder } from '../../../fleet/assignment.ts';
import type { Order } from '../../../fleet/assignment.ts';
import { groupBy } from '../../../fleet/group-by.ts';
import type { AppName, DeploymentId, HostId } from '../../../fleet/ids.ts';
import { contentText, toEntry } from '../assignment-entries.ts';
import type { ReleaseContent } from '../assignment-entries.ts';
import type { NewEvent, OrderHeard, Target, TargetWrite } from '../records.ts';
import type { TargetStore } from '../store.ts';
import type { TargetsTable } from '../tables.ts';
import { append } from './events.ts';
import { prefetchesOf } from './prefetches.ts';
import { releaseContents } from './releases.ts';
import { currentEpoch, pendingRestore } from './restores.ts';
import { fromJson, inChunks, toJson } from './transaction.ts';
import type { Transaction } from './transaction.ts';

type Args<K extends keyof TargetStore> = Parameters<TargetStore[K]>[0];
type Answer<K extends keyof TargetStore> = ReturnType<TargetStore[K]>;

export async function targetsOfHosts({ db }: Transaction, args: Args<'targetsOfHosts'>): Answer<'targetsOfHosts'> {
  const targets: Target[] = [];
  for (const hosts of inChunks(args.hosts)) {
    const rows = await db
      .selectFrom('targets')
      .selectAll()
      .where('host', 'in', [...hosts])
      .orderBy('host')
      .orderBy('app')
      .execute();
    for (const row of rows) targets.push(toTarget(row));
  }
  return targets;
}

export async function targetsOfApp({ db }: Transaction, { app }: Args<'targetsOfApp'>): Answer<'targetsOfApp'> {
  const rows = await db.selectFrom('targets').selectAll().where('app', '=', app).orderBy('host').execute();
  return rows.map(toTarget);
}

/** Writes each target whole. Hosts that were removed meanwhile are left out: nothing would ever read theirs. */
export async function writeTargets(transaction: Transaction, targets: readonly TargetWrite[]): Promise<void> {
  const { db } = transaction;
  const removed = await removedHosts(
    transaction,
    targets.map((target) => target.host),
  );
  for (const target of targets) {
    if (removed.has(target.host)) continue;
    const key = { host: target.host, app: target.app };
    if (target.kind === 'remove') {
      const nothing = {
        kind: 'remove',
        release: null,
        deployment: null,
        attempt: null,
        rollback: 0,
        replicas: '{}',
        only_once: 0,
        replaced: null,
      };
      await db
        .updateTable('targets')
        .set((set) => ({
          ...nothing,
          volumes: target.volumes ? 1 : set.case().when('kind', '=', 'remove').then(set.ref('volumes')).else(0).end(),
        }))
        .where('host', '=', key.host)
        .where('app', '=', key.app)
        .execute();
      continue;
    }
    const value = {
      kind: 'run',
      release: target.release,
      deployment: target.deployment,
      attempt: target.attempt,
      rollback: target.rollback ? 1 : 0,
      replicas: toJson(target.replicas),
      volumes: 0,
      only_once: target.onlyOnce === true ? 1 : 0,
      replaced: target.replace === undefined ? null : toJson(target.replace),
    };
    await db
      .insertInto('targets')
      .values({ ...key, ...value })
      .onConflict((clash) => clash.columns(['host', 'app']).doUpdateSet(value))
      .execute();
    await db
      .insertInto('attempts')
      .values({ ...key, last: target.attempt })
      .onConflict((clash) =>
        clash
          .columns(['app', 'host'])
          .doUpdateSet({ last: target.attempt })
          .where('attempts.last', '<', target.attempt),
      )
      .execute();
  }
}

async function removedHosts({ db }: Transaction, hosts: readonly HostId[]): Promise<ReadonlySet<string>> {
  const removed = new Set<string>();
  for (const chunk of inChunks(hosts)) {
    const rows = await db
      .selectFrom('hosts')
      .select('id')
      .where('id', 'in', [...chunk])
      .where('removed_at', 'is not', null)
      .execute();
    for (const row of rows) removed.add(row.id);
  }
  return removed;
}

export async function lastAttempts({ db }: Transaction, app: AppName): Promise<Readonly<Record<HostId, number>>> {
  const rows = await db.selectFrom('attempts').select(['host', 'last']).where('app', '=', app).execute();
  return Object.fromEntries(rows.map((row) => [row.host, Number(row.last)]));
}

export async function assignments(transaction: Transaction, args: Args<'assignments'>): Answer<'assignments'> {
  const ids = args.requests.map((request) => request.host);
  const epoch = await currentEpoch(transaction);
  const isHeld = (await pendingRestore(transaction)) !== null;
  const stored = await storedOrders(transaction, ids);
  const byHost = groupBy(await targetsOfHosts(transaction, { hosts: ids }), (target) => target.host);
  const contents = await contentsOf(transaction, [...byHost.values()].flat());
  const prefetches = await prefetchesOf(transaction, new Map(ids.map((id) => [id, byHost.get(id) ?? []])));
  const answers: Awaited<Answer<'assignments'>>[number][] = [];
  for (const { host, heard } of args.requests) {
    const known = stored.get(host);
    if (known === undefined) continue;
    const targets = byHost.get(host) ?? [];
    const release = (target: Target): ReleaseContent | null => contents.get(contentKey(target)) ?? null;
    const prefetch = prefetches.get(host) ?? [];
    const text = contentText(host, targets, (target) => release(target)?.content ?? '', prefetch);
    const hash = `sha256:${createHash('sha256').update(text).digest('hex')}`;
    if (heard !== null && isAhead(known, heard, epoch)) {
      answers.push({ kind: 'ahead', host, heard: toOrder(heard), known: toOrder(known) });
      continue;
    }
    if (isHeld) {
      answers.push({ kind: 'held', host });
      continue;
    }
    const order = nextOrder(known, heard, hash, epoch);
    if (compareOrder(order, known) !== 0) await writeOrder(transaction, host, order, hash);
    const entries = targets.map((target) => toEntry(target, release(target)?.release ?? null));
    const ahead = prefetch.length === 0 ? {} : { prefetch };
    answers.push({ kind: 'assignment', host, assignment: { host, ...order, entries, ...ahead }, hash });
  }
  return answers;
}

/** A number of this epoch, or of a later one, that was not given here: it comes from a time that this data has lost. */
function isAhead(known: OrderHeard, heard: OrderHeard, epoch: number): boolean {
  const newer = compareOrder(heard, known);
  if (heard.epoch < epoch) return false;
  return newer > 0 || (newer === 0 && known.generation > 0 && heard.hash !== known.hash);
}

const toOrder = ({ epoch, generation }: Order): Order => ({ epoch, generation });

/** The stored number where it still fits, else one above all that was given or heard. */
function nextOrder(known: OrderHeard, heard: Order | null, hash: string, epoch: number): Order {
  const isAbove = heard !== null && compareOrder(heard, known) > 0;
  if (known.hash === hash && known.epoch >= epoch && !isAbove)
    return { epoch: known.epoch, generation: known.generation };
  const highest = isAbove ? heard : known;
  return highest.epoch >= epoch
    ? { epoch: highest.epoch, generation: highest.generation + 1 }
    : { epoch, generation: 1 };
}

async function storedOrders(
  { db }: Transaction,
  hosts: readonly HostId[],
): Promise<ReadonlyMap<string, Order & { readonly hash: string }>> {
  const orders = new Map<string, Order & { readonly hash: string }>();
  for (const chunk of inChunks(hosts)) {
    const rows = await db
      .selectFrom('hosts')
      .select(['id', 'order_epoch', 'order_generation', 'order_hash'])
      .where('id', 'in', [...chunk])
      .where('removed_at', 'is', null)
      .execute();
    for (const row of rows) {
      const order = { epoch: Number(row.order_epoch), generation: Number(row.order_generation), hash: row.order_hash };
      orders.set(row.id, order);
    }
  }
  return orders;
}

async function writeOrder({ db }: Transaction, host: HostId, order: Order, hash: string): Promise<void> {
  await db
    .updateTable('hosts')
    .set({ order_epoch: order.epoch, order_generation: order.generation, order_hash: hash })
    .where('id', '=', host)
    .execute();
}

async function contentsOf(
  transaction: Transaction,
  targets: readonly Target[],
): Promise<ReadonlyMap<string, ReleaseContent>> {
  const numbers = new Map<AppName, Set<number>>();
  for (const target of targets) {
    if (target.kind !== 'run') continue;
    const known = numbers.get(target.app) ?? new Set();
    numbers.set(target.app, known.add(target.release));
  }
  const found = new Map<string, ReleaseContent>();
  for (const [app, wanted] of numbers) {
    for (const content of await releaseContents(transaction, app, [...wanted])) {
      found.set(`${app} ${content.release.number}`, content);
    }
  }
  return found;
}

const contentKey = (target: Target): string => (target.kind === 'run' ? `${target.app} ${target.release}` : '');

export async function recordAcks({ db }: Transaction, args: Args<'recordAcks'>): Answer<'recordAcks'> {
  for (const { host, epoch, generation } of args.acks) {
    await db
      .updateTable('hosts')
      .set({ acked_epoch: epoch, acked_generation: generation })
      .where('id', '=', host)
      .where((where) =>
        where.or([
          where('acked_epoch', 'is', null),
          where('acked_epoch', '<', epoch),
          where.and([where('acked_epoch', '=', epoch), where('acked_generation', '<', generation)]),
        ]),
      )
      .execute();
  }
}

export async function removalsDone(transaction: Transaction, args: Args<'removalsDone'>): Answer<'removalsDone'> {
  const gone: { readonly host: HostId; readonly app: AppName }[] = [];
  const events: NewEvent[] = [];
  for (const { host, app, event } of args.done) {
    const [result] = await transaction.db
      .deleteFrom('targets')
      .where('host', '=', host)
      .where('app', '=', app)
      .where('kind', '=', 'remove')
      .execute();
    if (result === undefined || result.numDeletedRows === 0n) continue;
    gone.push({ host, app });
    events.push(event);
  }
  if (events.length > 0) await append(transaction, events);
  return gone;
}

function toTarget(row: TargetsTable): Target {
  const key = { host: row.host as HostId, app: row.app as AppName };
  if (row.kind === 'remove') return { kind: 'remove', ...key, volumes: row.volumes === 1 };
  return {
    kind: 'run',
    ...key,
    release: Number(row.release),
    deployment: row.deployment as DeploymentId,
    attempt: Number(row.attempt),
    rollback: row.rollback === 1,
    replicas: fromJson(row.replicas),
    // Only where it is so: the hash of an assignment covers its targets.
    ...(Number(row.only_once) === 1 ? { onlyOnce: true } : {}),
    ...(row.replaced === null ? {} : { replace: fromJson<string[]>(row.replaced) }),
  };
}
