/** Whether the server can write again: a table of its own that needs new room on the disk, and goes with the commit. */
import { sql } from 'kysely';
import type { Transaction } from './sql/transaction.ts';

/** A megabyte, in rows that are not compressed. */
const ROWS = 5_000;

export async function findRoom({ db }: Transaction): Promise<void> {
  // Beside the tables of the database, wherever the server puts others.
  await sql`set local temp_tablespaces = ''`.execute(db);
  await sql`
    create temporary table longshore_room on commit drop as
    select repeat('x', 200) as filler from generate_series(1, ${sql.lit(ROWS)})`.execute(db);
}
