/**
 * Secrets of Google's Secret Manager: read the newest version, or add one. Nothing is ever changed or taken away, and a
 * value stands in no message.
 */
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';
import type { GoogleApi } from './google-api.ts';

const accessSchema = z.object({ payload: z.object({ data: z.string() }) });

export class SecretManager {
  readonly #api: Pick<GoogleApi, 'call'>;
  readonly #project: string;

  constructor(api: Pick<GoogleApi, 'call'>, project: string) {
    this.#api = api;
    this.#project = project;
  }

  /** Null where the secret has no version. @throws GOOGLE_DENIED, GOOGLE_UNAVAILABLE (also where the newest is disabled) */
  async latest(secret: string): Promise<Buffer | null> {
    const what = `read the secret ${secret}`;
    const url = `${this.#url(secret)}/versions/latest:access`;
    const reply = await this.#api.call({ what, method: 'GET', url, expects: [404] });
    if (reply.status === 404) return null;
    const parsed = accessSchema.safeParse(reply.body);
    if (!parsed.success) throw new LongshoreError('GOOGLE_UNAVAILABLE', `${what}: the answer has no payload`);
    return Buffer.from(parsed.data.payload.data, 'base64');
  }

  /** @throws NOT_FOUND where Terraform did not make the secret, GOOGLE_DENIED, GOOGLE_UNAVAILABLE */
  async add(secret: string, value: Buffer): Promise<void> {
    const what = `add a version to the secret ${secret}`;
    const body = { payload: { data: value.toString('base64') } };
    const reply = await this.#api.call({
      what,
      method: 'POST',
      url: `${this.#url(secret)}:addVersion`,
      body,
      expects: [404],
    });
    if (reply.status === 404)
      throw new LongshoreError('NOT_FOUND', `${what}: there is no such secret in project ${this.#project}`, {
        hint: 'Apply the plan: it makes the secret. Check `google.secret_prefix` in the configuration.',
      });
  }

  #url(secret: string): string {
    return `https://secretmanager.googleapis.com/v1/projects/${this.#project}/secrets/${secret}`;
  }
}
