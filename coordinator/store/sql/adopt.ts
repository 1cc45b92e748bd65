/**
 * A machine becomes a host that there is, or was, again: the same id with another key, so that its containers, volumes,
 * labels and targets stay what they are. Of a host that is there only an operator permits it, or the proof that its
 * machine is gone and this one was made in its place; the key that it had is refused from then on. A removed or unknown host has nothing that could be taken from anybody, so the word of the
 * machine's own operator is enough.
 */
import { LongshoreError } from '../../../fleet/errors.ts';
import type { Cause } from '../../../fleet/release.ts';
import type { Adoption } from '../records.ts';
import type { HostsTable } from '../tables.ts';
import { append } from './events.ts';
import type { Transaction } from './transaction.ts';

export interface Claim {
  readonly adoption: Adoption;
  /** For the refusal. */
  readonly object: string;
  /** Whether the machine has proven that it stands in the place of the host's former machine, which is gone. */
  readonly isSuccessorOf: (row: HostsTable) => boolean;
}

/** @returns the host's row as it is; null where this coordinator never had it @throws FORMER_HOST */
export async function permittedHost(
  { db }: Transaction,
  { adoption, object, isSuccessorOf }: Claim,
): Promise<HostsTable | null> {
  const row = await db.selectFrom('hosts').selectAll().where('id', '=', adoption.host).executeTakeFirst();
  const isThere = row?.removed_at === null;
  const isPermitted = adoption.permission === 'operator' || (adoption.permission === 'machine' && !isThere);
  if (isPermitted || (row !== undefined && isSuccessorOf(row))) return row ?? null;
  const which = isThere ? `host ${row.name} (${row.id})` : `host ${adoption.host}, which is not enrolled here,`;
  throw new LongshoreError(
    'FORMER_HOST',
    `${object}: the machine holds containers or volumes of ${which} and no operator has approved it as that host`,
    {
      hint: `Run \`longshore hosts adopt ${isThere ? row.name : adoption.host} --key FINGERPRINT\` to let it; docs/operations.md has the other ways.`,
    },
  );
}

export interface AdoptedHost {
  readonly adoption: Adoption;
  readonly before: HostsTable | null;
  /** As a new host it would have been this. */
  readonly values: HostsTable;
  readonly at: number;
  readonly cause: Cause;
}

/** A host that is there keeps all but its key; one that was removed begins anew, with orders that go on. */
export async function adopt(transaction: Transaction, adopted: AdoptedHost): Promise<HostsTable> {
  const { adoption, before, at } = adopted;
  const isThere = before?.removed_at === null;
  const row = await write(transaction, adopted);
  const text = isThere
    ? `Host ${row.name} has a new key; the one before is refused from now on`
    : `Host ${row.name} enrolled as ${row.id}, the host that its machine was before`;
  const cause = adoption.permission === 'operator' ? adoption.cause : adopted.cause;
  await append(transaction, [
    { at, kind: 'host.adopted', app: null, host: adoption.host, deployment: null, cause, text },
  ]);
  return row;
}

function write({ db }: Transaction, { adoption, before, values }: AdoptedHost): Promise<HostsTable> {
  if (before === null)
    return db
      .insertInto('hosts')
      .values({ ...values, id: adoption.host })
      .returningAll()
      .executeTakeFirstOrThrow();
  const { public_key, sealing_key, platform, labels_agent, enroll_token } = values;
  const changes =
    before.removed_at === null
      ? { public_key, sealing_key, platform, labels_agent, enroll_token, ...instanceOf(values) }
      : {
          ...values,
          id: before.id,
          session_epoch: before.session_epoch,
          order_epoch: before.order_epoch,
          order_generation: before.order_generation,
          order_hash: before.order_hash,
        };
  return (
    db
      .updateTable('hosts')
      // The machine may have nothing of what its predecessor acked.
      .set({ ...changes, acked_epoch: null, acked_generation: null })
      .where('id', '=', before.id)
      .returningAll()
      .executeTakeFirstOrThrow()
  );
}

/** Where the machine proved which instance it is, the host is that one, in its pool. */
function instanceOf(values: HostsTable): Partial<HostsTable> {
  const { project_number, instance_id, instance_zone, instance_name, pool, labels_pool } = values;
  return instance_id === null ? {} : { project_number, instance_id, instance_zone, instance_name, pool, labels_pool };
}
