/**
 * Enrolment of an instance by its identity. A host is (project number, instance id): the same key again is the same
 * host, another key is refused as long as the host is there. A name is unique in a zone of a project, so an instance
 * whose name another one has now is gone. Its host goes with it, unless the new instance has the disks of the one before
 * and asks to be that host: then the host stays, with another key.
 */
import { LongshoreError } from '../../../fleet/errors.ts';
import type { HostId } from '../../../fleet/ids.ts';
import type { NewEvent } from '../records.ts';
import type { HostStore } from '../store.ts';
import type { HostsTable } from '../tables.ts';
import { adopt, permittedHost } from './adopt.ts';
import { freeName, insertHost, newHost } from './enroll.ts';
import { append } from './events.ts';
import { removeHost, toHost } from './hosts.ts';
import { toJson } from './transaction.ts';
import type { Transaction } from './transaction.ts';

type Args = Parameters<HostStore['enrollInstance']>[0];

export async function enrollInstance(transaction: Transaction, args: Args): ReturnType<HostStore['enrollInstance']> {
  const { instance, host } = args;
  const known = await transaction.db
    .selectFrom('hosts')
    .selectAll()
    .where('instance_id', '=', instance.id)
    .where('project_number', '=', instance.projectNumber)
    .execute();
  const again = knownHost(args, known);
  if (again !== null) return { host: toHost(again), replaced: [] };
  const { adoption = null } = args;
  const object = `enrol instance ${instance.name} (${instance.id})`;
  const isSuccessorOf = (row: HostsTable): boolean => isPredecessor(args, row);
  const before = adoption === null ? null : await permittedHost(transaction, { adoption, object, isSuccessorOf });
  const replaced = await removePredecessors(transaction, args, before);
  const name = isThere(before) ? before.name : await freeName(transaction, host.name);
  const values = {
    ...newHost(host, name, args.at),
    pool: args.pool,
    labels_pool: toJson(args.labels),
    project_number: instance.projectNumber,
    instance_id: instance.id,
    instance_zone: instance.zone,
    instance_name: instance.name,
  };
  const cause = { kind: 'host', host: name, detail: `identity of instance ${instance.id}` } as const;
  if (adoption !== null) {
    const row = await adopt(transaction, { adoption, before, values, at: args.at, cause });
    return { host: toHost(row), replaced };
  }
  const row = await insertHost(transaction, values);
  const text = `host ${name} enrolled by the identity of instance ${instance.name} (${instance.id}) in ${instance.zone} into pool ${args.pool}`;
  await append(transaction, [
    { at: args.at, kind: 'host.enrolled', app: null, host: host.id, deployment: null, cause, text },
  ]);
  return { host: toHost(row), replaced };
}

/** The host that this key has already; null = there is none. @throws INSTANCE_KNOWN, HOST_REMOVED */
function knownHost({ instance, host, adoption }: Args, known: readonly HostsTable[]): HostsTable | null {
  const object = `enrol instance ${instance.name} (${instance.id})`;
  const same = known.find((row) => row.public_key === host.publicKey);
  if (same !== undefined && same.removed_at !== null)
    throw new LongshoreError('HOST_REMOVED', `${object}: host ${same.name} with this key was removed`);
  if (same !== undefined) return same;
  const other = known.find((row) => row.removed_at === null);
  const isPermitted = adoption?.permission === 'operator' && adoption.host === other?.id;
  if (other !== undefined && !isPermitted)
    throw new LongshoreError('INSTANCE_KNOWN', `${object}: it is host ${other.name} already, with another key`, {
      hint: `If its disk was made anew, run \`longshore hosts adopt ${other.name} --key FINGERPRINT\`: it then connects by itself.`,
    });
  return null;
}

function isThere(row: HostsTable | null): row is HostsTable {
  return row?.removed_at === null;
}

/** By the name that this instance has now. In another pool the secrets are others, so there an operator decides. */
function isPredecessor({ instance, pool }: Args, row: HostsTable): boolean {
  return (
    row.project_number === instance.projectNumber &&
    row.instance_zone === instance.zone &&
    row.instance_name === instance.name &&
    row.instance_id !== instance.id &&
    row.pool === pool
  );
}

/** @param kept the host that this instance becomes */
async function removePredecessors(
  transaction: Transaction,
  { instance, at }: Args,
  kept: HostsTable | null,
): Promise<readonly HostId[]> {
  const found = await transaction.db
    .selectFrom('hosts')
    .selectAll()
    .where('instance_name', '=', instance.name)
    .where('instance_zone', '=', instance.zone)
    .where('project_number', '=', instance.projectNumber)
    .where('removed_at', 'is', null)
    .execute();
  const rows = found.filter(({ id }) => id !== kept?.id);
  for (const row of rows) {
    const id = row.id as HostId;
    const text = `Host ${row.name} was removed: instance ${row.instance_id ?? ''} is gone, ${instance.id} has its name now`;
    const cause: NewEvent['cause'] = { kind: 'coordinator', detail: 'its instance was made anew' };
    await removeHost(transaction, {
      id,
      at,
      events: [{ at, kind: 'host.gone', app: null, host: id, deployment: null, cause, text }],
    });
  }
  return rows.map((row) => row.id as HostId);
}
