/**
 * The coordinator's database in Cloud SQL, with a user of its own that nobody else knows the password of. The
 * password is made once and put into Secret Manager before the user has it; a login that is refused gives the user the
 * password of the secret. So the first start, a start after a crash between the two, and a password that somebody changed
 * are repaired by the same step. Asked again at each connection: address and certificates may have changed.
 */
import { LongshoreError } from '../../fleet/errors.ts';
import type { PostgresAddress } from '../store/postgres-address.ts';
import type { DatabaseSource } from '../store/postgres-open.ts';
import type { SecretManager } from './secret-manager.ts';
import type { SqlAdmin } from './sql-admin.ts';

export interface CloudSqlOptions {
  readonly admin: Pick<SqlAdmin, 'instance' | 'setPassword'>;
  readonly secrets: Pick<SecretManager, 'latest' | 'add'>;
  readonly project: string;
  readonly instance: string;
  readonly secretPrefix: string;
  readonly randomBytes: (size: number) => Buffer;
  /** Monotonic, ms. */
  readonly clock: () => number;
  readonly pause: (ms: number) => Promise<unknown>;
}

/** As Terraform makes the database; the user is named alike. */
const DATABASE = 'longshore';
const PORT = 5432;
const PASSWORD_BYTES = 32;
/** Google says that it changes the password before it has. */
const COUNTS_WITHIN_MS = 60_000;
const LOOK_AGAIN_MS = 1_000;

export class CloudSqlSource implements DatabaseSource {
  readonly #options: CloudSqlOptions;
  /** When a password was set that no login was taken with since. */
  #setAt: number | null = null;

  constructor(options: CloudSqlOptions) {
    this.#options = options;
  }

  async address(): Promise<PostgresAddress> {
    const { admin, project, instance } = this.#options;
    const { privateAddress, roots } = await admin.instance();
    return {
      host: privateAddress,
      port: PORT,
      database: DATABASE,
      user: DATABASE,
      password: await this.#password(),
      // The authority is the instance's own and signs for its name, not for its address.
      tls: { kind: 'common-name', roots, names: [`${project}:${instance}`] },
    };
  }

  /** @throws STORE_UNAVAILABLE where the password that was set is not taken */
  async refused(): Promise<boolean> {
    const { admin, clock, pause, instance } = this.#options;
    if (this.#setAt === null) {
      await admin.setPassword(DATABASE, await this.#password());
      this.#setAt = clock();
      return true;
    }
    if (clock() - this.#setAt < COUNTS_WITHIN_MS) {
      await pause(LOOK_AGAIN_MS);
      return true;
    }
    this.#setAt = null;
    throw new LongshoreError(
      'STORE_UNAVAILABLE',
      `log in to the Cloud SQL instance ${instance}: it does not take the password that was set`,
    );
  }

  accepted(): void {
    this.#setAt = null;
  }

  async #password(): Promise<string> {
    const { secrets, secretPrefix, randomBytes } = this.#options;
    const name = `${secretPrefix}-database-password`;
    const found = (await secrets.latest(name))?.toString('utf8').trim() ?? '';
    if (found !== '') return found;
    const made = randomBytes(PASSWORD_BYTES).toString('base64url');
    await secrets.add(name, Buffer.from(made, 'utf8'));
    return made;
  }
}
