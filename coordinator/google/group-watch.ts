/**
 * Asks the fleet's managed groups why they lack machines, for `doctor`. A pool of single machines has no group, and one
 * that cannot be asked is no trouble of the fleet: both say nothing.
 */
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';
import type { FleetManifest } from '../../fleet/fleet-manifest.ts';
import type { DoctorFinding } from '../control/control-options.ts';
import type { GoogleApi } from './google-api.ts';
import { groupTrouble, type GroupError } from './group-errors.ts';

const answerSchema = z.object({
  items: z
    .array(
      z.object({
        timestamp: z.string().default(''),
        error: z.object({ code: z.string().max(100).default('UNKNOWN'), message: z.string().default('') }),
      }),
    )
    .max(500)
    .default([]),
});

export class GroupWatch {
  readonly #api: Pick<GoogleApi, 'call'>;
  readonly #now: () => number;
  #trouble: readonly string[] = [];
  #unasked: string | null = null;

  constructor(api: Pick<GoogleApi, 'call'>, now: () => number) {
    this.#api = api;
    this.#now = now;
  }

  async look({ fleet, project, pools }: Pick<FleetManifest, 'fleet' | 'project' | 'pools'>): Promise<void> {
    const errors: GroupError[] = [];
    this.#unasked = null;
    for (const { name, zones } of pools)
      for (const zone of zones) errors.push(...(await this.#errorsOf(project, zone, `${fleet}-${name}-${zone}`)));
    this.#trouble = groupTrouble(errors, this.#now());
  }

  finding(): DoctorFinding {
    const name = 'machine groups';
    if (this.#trouble.length > 0) return { name, ok: false, text: this.#trouble.join('; ') };
    const unasked = this.#unasked === null ? '' : `; not all could be asked: ${this.#unasked}`;
    return { name, ok: true, text: `no group reports that it cannot make a machine${unasked}` };
  }

  async #errorsOf(project: string, zone: string, group: string): Promise<readonly GroupError[]> {
    const what = `list the errors of the group ${group}`;
    const url = `https://compute.googleapis.com/compute/v1/projects/${project}/zones/${zone}/instanceGroupManagers/${group}/listErrors?maxResults=100`;
    try {
      const { status, body } = await this.#api.call({ what, method: 'GET', url, expects: [404] });
      if (status === 404) return [];
      const parsed = answerSchema.safeParse(body);
      if (!parsed.success) throw new LongshoreError('GOOGLE_UNAVAILABLE', `${what}: the answer is not a list`);
      return parsed.data.items.flatMap(({ timestamp, error }) => {
        const at = Date.parse(timestamp);
        return Number.isNaN(at) ? [] : [{ group, at, ...error }];
      });
    } catch (error) {
      if (!(error instanceof LongshoreError)) throw error;
      this.#unasked ??= error.message;
      return [];
    }
  }
}
