/**
 * One instance of Cloud SQL, as its Admin API shows it: where it is, whom to trust there, and the password of a user.
 * A password stands in the body of a request and nowhere else.
 */
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';
import type { ApiReply, GoogleApi } from './google-api.ts';

export interface SqlInstance {
  readonly privateAddress: string;
  /** Roots that its certificate is under, PEM. */
  readonly roots: readonly string[];
}

const instanceSchema = z.object({
  state: z.string().default(''),
  ipAddresses: z.array(z.object({ type: z.string(), ipAddress: z.string() })).default([]),
  serverCaCert: z.object({ cert: z.string() }).optional(),
});
const usersSchema = z.object({ items: z.array(z.object({ name: z.string() })).default([]) });

export class SqlAdmin {
  readonly #api: Pick<GoogleApi, 'call'>;
  readonly #url: string;
  readonly #name: string;

  constructor(api: Pick<GoogleApi, 'call'>, project: string, instance: string) {
    this.#api = api;
    this.#name = instance;
    this.#url = `https://sqladmin.googleapis.com/v1/projects/${project}/instances/${instance}`;
  }

  /** @throws GOOGLE_DENIED, GOOGLE_UNAVAILABLE, STORE_UNAVAILABLE where it is not there, or not up */
  async instance(): Promise<SqlInstance> {
    const what = `look at the Cloud SQL instance ${this.#name}`;
    const reply = await this.#api.call({ what, method: 'GET', url: this.#url, expects: [404] });
    if (reply.status === 404) throw unready(`${what}: not found`);
    const { state, ipAddresses, serverCaCert } = parsed(instanceSchema, what, reply);
    if (state !== 'RUNNABLE') throw unready(`${what}: it is ${state === '' ? 'not up' : state}`);
    const privateAddress = ipAddresses.find(({ type }) => type === 'PRIVATE')?.ipAddress;
    if (privateAddress === undefined) throw unready(`${what}: it has no private address`);
    if (serverCaCert === undefined) throw unready(`${what}: it does not say which certificates are its own`);
    return { privateAddress, roots: [serverCaCert.cert] };
  }

  /** Makes the user where it is missing. It counts a moment after the answer. @throws GOOGLE_DENIED, GOOGLE_UNAVAILABLE */
  async setPassword(user: string, password: string): Promise<void> {
    const what = `set the password of user ${user} of the Cloud SQL instance ${this.#name}`;
    const users = await this.#api.call({ what, method: 'GET', url: `${this.#url}/users` });
    const isThere = parsed(usersSchema, what, users).items.some(({ name }) => name === user);
    const body = { name: user, password };
    if (isThere) await this.#api.call({ what, method: 'PUT', url: `${this.#url}/users?name=${user}`, body });
    else await this.#api.call({ what, method: 'POST', url: `${this.#url}/users`, body });
  }
}

function parsed<T>(schema: z.ZodType<T>, what: string, { body }: ApiReply): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new LongshoreError('GOOGLE_UNAVAILABLE', `${what}: the answer is not of the form that it should have`);
}

const unready = (message: string): LongshoreError =>
  new LongshoreError('STORE_UNAVAILABLE', message, {
    hint: 'It is tried again; if it stays, look at the instance in Google Cloud and apply the plan.',
  });
