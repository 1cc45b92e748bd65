/**
 * Which services have no image for the platform of a host that would start them. Pure. Only what is certain counts: a
 * host that cannot pull would fail the rollout, but one that could must not be kept from a repair.
 */
import type { AppSpec } from '../../fleet/app-spec.ts';
import { problem, type Problem, type ProblemDetail } from '../../fleet/errors.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { HostChanges } from '../release/plan-release.ts';
import type { HostRow } from '../store/records.ts';

/** Agents are made for these; what the engine of another one runs is not known here. */
const HOST_PLATFORMS: ReadonlySet<string> = new Set(['linux/amd64', 'linux/arm64']);

/** Where an image or the app file names no variant. */
const USUAL_VARIANTS: Readonly<Record<string, number>> = { amd64: 1, arm64: 8, arm: 7 };

const MOST_SHOWN = 10;

/** Null: nothing speaks against it. @param offered by service, what its image is made for; null = not known */
export function platformRefusal(
  spec: AppSpec,
  changes: ReadonlyMap<HostId, HostChanges>,
  hosts: readonly Pick<HostRow, 'id' | 'name' | 'platform' | 'availability'>[],
  offered: Readonly<Record<string, { readonly platforms: readonly string[] | null }>>,
): Problem | null {
  // A paused host gets nothing new.
  const active = hosts.filter(({ availability }) => availability !== 'paused');
  const details = Object.entries(spec.services).flatMap(([service, { image }]): readonly ProblemDetail[] => {
    const platforms = offered[service]?.platforms ?? null;
    if (platforms === null) return [];
    const lacking = new Map<string, string[]>();
    for (const { id, name, platform } of active) {
      const starts = changes
        .get(id)
        ?.some((each) => each.service === service && (each.action === 'create' || each.action === 'replace'));
      // What the app file asks for may be emulated, so the host's own platform does not count beside it.
      const wanted = image.platform ?? (platform !== null && HOST_PLATFORMS.has(platform) ? platform : null);
      if (starts !== true || wanted === null || platforms.some((each) => mayFit(each, wanted))) continue;
      lacking.set(wanted, [...(lacking.get(wanted) ?? []), name]);
    }
    return [...lacking].map(([wanted, names]) => ({
      path: image.platform === null ? `services.${service}.image` : `services.${service}.platform`,
      message: `${image.reference} has no image for ${wanted}, which ${service} needs on ${shown(names)}; it has ${shown(platforms)}`,
      line: null,
      column: null,
    }));
  });
  const [first] = details;
  if (first === undefined) return null;
  return problem('IMAGE_PLATFORM', `place ${spec.name}: ${first.message}`, { details: details.slice(0, 200) });
}

/** A machine also runs what is made for an earlier variant. One that was not asked for is left for the engine to judge. */
function mayFit(platform: string, wanted: string): boolean {
  const [os, architecture, variant] = platform.split('/');
  const [wantedOs, wantedArchitecture, wantedVariant] = wanted.split('/');
  if (os !== wantedOs || architecture === undefined || architecture !== wantedArchitecture) return false;
  if (wantedVariant === undefined) return true;
  const [has, most] = [variantNumber(architecture, variant), variantNumber(architecture, wantedVariant)];
  // A variant without a number is none that could be compared.
  return Number.isNaN(has) || Number.isNaN(most) || has <= most;
}

function variantNumber(architecture: string, variant: string | undefined): number {
  return variant === undefined ? (USUAL_VARIANTS[architecture] ?? NaN) : Number(/^v(\d+)/.exec(variant)?.[1]);
}

function shown(names: readonly string[]): string {
  const more = names.length - MOST_SHOWN;
  return `${names.slice(0, MOST_SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
