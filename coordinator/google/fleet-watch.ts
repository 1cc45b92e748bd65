/**
 * Reads `fleet.json` from the bucket, again and again. The last good one counts until a better one is there; what keeps
 * a newer one from being read is what `doctor` shows.
 */
import { LongshoreError } from '../../fleet/errors.ts';
import type { Problem } from '../../fleet/errors.ts';
import type { FleetManifest } from '../../fleet/fleet-manifest.ts';
import type { DoctorFinding } from '../control/control-options.ts';
import { parseFleetFile } from './fleet-file.ts';
import type { GoogleApi } from './google-api.ts';

export const FLEET_FILE = 'fleet.json';

export class FleetWatch {
  readonly #api: Pick<GoogleApi, 'call'>;
  readonly #bucket: string;
  #manifest: FleetManifest | null = null;
  #etag: string | null = null;
  #obstacle: Problem | null = null;

  constructor(api: Pick<GoogleApi, 'call'>, bucket: string) {
    this.#api = api;
    this.#bucket = bucket;
  }

  /** The newest that could be read. @throws GOOGLE_UNAVAILABLE where none could yet */
  get manifest(): FleetManifest {
    if (this.#manifest !== null) return this.#manifest;
    const reason = this.#obstacle?.message ?? `${this.#where} was not read yet`;
    throw new LongshoreError('GOOGLE_UNAVAILABLE', `know the pools of the fleet: ${reason}`);
  }

  get isKnown(): boolean {
    return this.#manifest !== null;
  }

  /** @returns whether it says something new @throws FLEET_FILE_INVALID, GOOGLE_UNAVAILABLE, GOOGLE_DENIED */
  async read(): Promise<boolean> {
    try {
      const isNew = await this.#read();
      this.#obstacle = null;
      return isNew;
    } catch (error) {
      this.#obstacle = error instanceof LongshoreError ? error.problem : null;
      throw error;
    }
  }

  finding(): DoctorFinding {
    const name = 'fleet.json';
    const manifest = this.#manifest;
    const known = manifest === null ? 'none is known' : `${manifest.pools.length} pools of ${manifest.fleet} are known`;
    if (this.#obstacle !== null) return { name, ok: false, text: `${this.#obstacle.message}; ${known}` };
    return { name, ok: manifest !== null, text: known };
  }

  async #read(): Promise<boolean> {
    const url = `https://storage.googleapis.com/storage/v1/b/${this.#bucket}/o/${FLEET_FILE}?alt=media`;
    const reply = await this.#api.call({
      what: `read ${this.#where}`,
      method: 'GET',
      url,
      headers: this.#etag === null ? {} : { 'if-none-match': this.#etag },
      expects: [304, 404],
    });
    if (reply.status === 304) return false;
    if (reply.status === 404)
      throw new LongshoreError('FLEET_FILE_INVALID', `read ${this.#where}: not found`, {
        hint: 'Apply the plan: it writes the file. Check `google.bucket` in the configuration.',
      });
    this.#manifest = parseFleetFile(reply.text, this.#where);
    // Only of one that could be read: a damaged one is read and told again.
    this.#etag = reply.headers.etag ?? null;
    return true;
  }

  get #where(): string {
    return `gs://${this.#bucket}/${FLEET_FILE}`;
  }
}
