/**
 * Names that a plan would leave without TLS: Google takes up to 90 minutes for a new certificate, and a balancer that has
 * only that one refuses every connection meanwhile. Pure.
 */
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';
import type { TerraformPlan } from './plan-json.ts';

const certificateSchema = z.object({
  name: z.string(),
  /** Not known before Google has issued it. */
  expire_time: z.string().nullish(),
  managed: z.array(z.object({ domains: z.array(z.string()) })),
});

interface Certificate {
  readonly name: string;
  readonly domains: readonly string[];
  readonly isActive: boolean;
}

/** @throws INFRA_UNREADY */
export function refuseCertificateGaps({ resource_changes: changes }: TerraformPlan): void {
  const going: Certificate[] = [];
  const staying: Certificate[] = [];
  for (const { type, change } of changes) {
    if (type !== 'google_compute_managed_ssl_certificate') continue;
    const { actions } = change;
    if (actions.includes('delete')) going.push(...certificateOf(change.before));
    if (actions.includes('create')) staying.push(...certificateOf(change.after));
    else if (!actions.includes('delete')) staying.push(...certificateOf(change.before));
  }
  const details = going
    .filter(({ isActive }) => isActive)
    .flatMap(({ name, domains }) => {
      // A name that is no longer wanted is no gap.
      const gaps = domains.filter((domain) => {
        const others = staying.filter((certificate) => certificate.domains.includes(domain));
        return others.length > 0 && !others.some(({ isActive }) => isActive);
      });
      return gaps.length === 0
        ? []
        : [
            {
              path: name,
              message: `is the only active certificate of ${gaps.join(', ')} (its names: ${domains.join(', ')})`,
              line: null,
              column: null,
            },
          ];
    });
  if (details.length === 0) return;
  throw new LongshoreError(
    'INFRA_UNREADY',
    'plan: TLS would be down for up to 90 minutes, until Google has the new certificate',
    {
      details,
      hint: 'Keep the old one beside the new: write its names, in this order, as former_domains of https_lb, plan and apply. Take former_domains out when the new ones are active (gcloud compute ssl-certificates list).',
    },
  );
}

function certificateOf(values: unknown): readonly Certificate[] {
  const parsed = certificateSchema.safeParse(values);
  if (!parsed.success) return [];
  const { name, expire_time: until, managed } = parsed.data;
  return [
    { name, domains: managed.flatMap(({ domains }) => domains), isActive: typeof until === 'string' && until !== '' },
  ];
}
