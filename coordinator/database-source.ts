/** Where the configured PostgreSQL is; null: there is none, SQLite it is. */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { LongshoreError } from '../fleet/errors.ts';
import type { CoordinatorConfig } from './config.ts';
import type { DatabaseSource } from './store/postgres-open.ts';
import { fileSource, variableSource } from './store/url-source.ts';

export interface DatabaseSourceOptions {
  /** What the environment says; it counts where the configuration says so. */
  readonly databaseUrl: string;
  /** Roots for Google; undefined = Node's. */
  readonly ca: readonly string[] | undefined;
  readonly timeoutMs: number;
}

export async function databaseSource(
  { database, google }: Pick<CoordinatorConfig, 'database' | 'google'>,
  { databaseUrl, ca, timeoutMs }: DatabaseSourceOptions,
): Promise<DatabaseSource | null> {
  switch (database.kind) {
    case 'sqlite':
      return null;
    case 'variable':
      return variableSource(databaseUrl);
    case 'file':
      return fileSource(database.urlFile);
    case 'cloud-sql': {
      if (google === null) throw new LongshoreError('CONFIG_INVALID', 'use Cloud SQL: `google` is missing');
      const [cloud, client] = await Promise.all([
        import('./google/google-cloud.ts'),
        import('./google/google-http.ts'),
      ]);
      const http = client.googleHttp({ ca, timeoutMs });
      const clocks = { now: Date.now, clock: () => performance.now(), pause };
      return cloud.cloudSqlSource({ config: google, instance: database.instance, http, randomBytes, ...clocks });
    }
  }
}
