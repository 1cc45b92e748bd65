/**
 * The instances of one zone, as Compute Engine lists them. Complete only where every page came without a warning: what
 * an incomplete answer leaves out is not known to be gone.
 */
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';
import type { GoogleApi } from './google-api.ts';

export type InstanceList =
  | { readonly kind: 'complete'; readonly ids: ReadonlySet<string> }
  | { readonly kind: 'incomplete'; readonly reason: string };

const MOST_PAGES = 200;
/** An empty page says so in a warning, and is an answer all the same. */
const HARMLESS = 'NO_RESULTS_ON_PAGE';

const pageSchema = z.object({
  items: z.array(z.object({ id: z.union([z.string(), z.number()]).transform(String) })).default([]),
  nextPageToken: z.string().optional(),
  warning: z.object({ code: z.string().default('UNKNOWN'), message: z.string().default('') }).optional(),
  unreachables: z.array(z.string()).default([]),
});

/** Never throws: a zone that cannot be listed is an incomplete answer. */
export async function listInstances(
  api: Pick<GoogleApi, 'call'>,
  project: string,
  zone: string,
): Promise<InstanceList> {
  const ids = new Set<string>();
  let token: string | undefined;
  try {
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const query = new URLSearchParams({
        maxResults: '500',
        fields: 'items(id),nextPageToken,warning,unreachables',
        ...(token === undefined ? {} : { pageToken: token }),
      });
      const url = `https://compute.googleapis.com/compute/v1/projects/${project}/zones/${zone}/instances?${query.toString()}`;
      const { body } = await api.call({ what: `list the instances of ${zone}`, method: 'GET', url });
      const parsed = pageSchema.safeParse(body);
      if (!parsed.success) return incomplete(`list the instances of ${zone}: the answer is not a list`);
      const { items, nextPageToken, warning, unreachables } = parsed.data;
      if (warning !== undefined && warning.code !== HARMLESS)
        return incomplete(`list the instances of ${zone}: ${warning.code} ${warning.message}`.trim());
      if (unreachables.length > 0)
        return incomplete(`list the instances of ${zone}: ${unreachables.join(', ')} cannot be reached`);
      for (const { id } of items) ids.add(id);
      token = nextPageToken;
      if (token === undefined || token === '') return { kind: 'complete', ids };
    }
    return incomplete(`list the instances of ${zone}: the list has no end`);
  } catch (error) {
    if (error instanceof LongshoreError) return incomplete(error.message);
    throw error;
  }
}

const incomplete = (reason: string): InstanceList => ({ kind: 'incomplete', reason });
