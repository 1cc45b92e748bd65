/**
 * Where PostgreSQL is not SQLite, so that schema and queries are the same for both: text has the order of its bytes
 * ("C", so that pages and indexes do not depend on the server's language), and cannot hold a zero byte.
 */
import { Kysely, PostgresDialect, PostgresQueryCompiler } from 'kysely';
import type { DataTypeNode, QueryCompiler } from 'kysely';
import type { Connection } from './group-commit.ts';
import type { PostgresClient } from './postgres-client.ts';
import { isSerialization, isSpoiling, toPostgresProblem } from './postgres-errors.ts';
import type { Tables } from './tables.ts';

class ByteOrderCompiler extends PostgresQueryCompiler {
  protected override visitDataType(node: DataTypeNode): void {
    super.visitDataType(node);
    if (node.dataType === 'text') this.append(' collate "C"');
  }
}

class ByteOrderDialect extends PostgresDialect {
  override createQueryCompiler(): QueryCompiler {
    return new ByteOrderCompiler();
  }
}

/** Everything that is asked of it goes over this one connection. */
export function kyselyOver(client: PostgresClient): Kysely<Tables> {
  const one = {
    query: async (text: string, values: readonly unknown[]) => {
      const { command, rowCount, rows } = await client.query(text, values.map(storable));
      // Kysely knows these four only.
      return { command: command as 'SELECT', rowCount: rowCount ?? 0, rows: [...rows] };
    },
    release: () => undefined,
  };
  const pool = {
    connect: () => Promise.resolve(one as never),
    end: () => Promise.resolve(),
  };
  return new Kysely<Tables>({ dialect: new ByteOrderDialect({ pool }) });
}

/**
 * @param access of the transactions that begin on it; `default`: what the server says, which may be read-only because
 * its disk is nearly full: that is not ours to overrule
 */
export function connectionOver(client: PostgresClient, access: 'default' | 'READ ONLY'): Connection {
  return {
    db: kyselyOver(client),
    begin: `BEGIN ISOLATION LEVEL SERIALIZABLE${access === 'default' ? '' : ` ${access}`}`,
    exec: async (sql) => {
      const { command } = await client.query(sql);
      // Of a transaction that is spoiled the server makes a ROLLBACK, without a word.
      if (sql === 'COMMIT' && command !== 'COMMIT') throw new Error(`the server answered COMMIT with ${command}`);
    },
    spoils: isSpoiling,
    // A server lets everybody begin.
    isLocked: () => false,
    mayRepeat: isSerialization,
    problemOf: toPostgresProblem,
  };
}

function storable(value: unknown): unknown {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
}
