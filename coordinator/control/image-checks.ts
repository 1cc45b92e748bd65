/**
 * Newer images of an app's current release: each reference is asked for once, and what is new becomes one release
 * with the rest unchanged. Digests that failed their gate are left alone, and so is an app that is under way.
 */
import { hasEnded } from '../../fleet/deployment.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { AppName, Digest } from '../../fleet/ids.ts';
import type { Cause, Release } from '../../fleet/release.ts';
import type { ImageAnswer, ImageChecks } from '../ports.ts';
import type { QuarantineRow } from '../store/records.ts';
import { digestInReference } from '../release/pin-images.ts';
import type { ControlOptions } from './control-options.ts';
import { enqueueDeployment } from './deploy-release.ts';
import { makePlan } from './make-plan.ts';
import { retryConflict } from './retry-conflict.ts';

type Options = Pick<
  ControlOptions,
  'store' | 'hub' | 'rollouts' | 'changes' | 'views' | 'images' | 'vault' | 'now' | 'randomBytes' | 'keepReleases'
>;

export function imageChecks(options: Options): ImageChecks {
  return { check: (app, cause) => retryConflict(() => checkOnce(app, cause, options)) };
}

async function checkOnce(app: AppName, cause: Cause, options: Options): Promise<ImageAnswer> {
  const { store } = options;
  const known = await store.app({ app });
  if (known?.removedAt !== null)
    throw new LongshoreError('NOT_FOUND', `check ${app} for newer images: there is no such app`);
  if (known.succeeded === null) return nothing(`${app} has no release that succeeded yet: deploy one first`);
  const [current, latest, quarantine] = await Promise.all([
    store.release({ app, number: known.succeeded }),
    store.latestDeployments({ apps: [app] }),
    store.quarantine({ app }),
  ]);
  if (current === null)
    throw new LongshoreError('NOT_FOUND', `check ${app} for newer images: release ${known.succeeded} is not kept`);
  const underWay = latest.find((deployment) => !hasEnded(deployment.state));
  if (underWay !== undefined)
    return {
      deployment: null,
      asked: false,
      text: `deployment ${underWay.id} of ${app} is ${underWay.state}; nothing was asked`,
    };

  const newest = await newestDigests(current, cause.kind === 'person', options);
  const condemned = new Map<string, QuarantineRow>(quarantine.map((row) => [row.digest, row]));
  const found = newest.filter(({ digest, now }) => digest !== now);
  const fresh = found.filter(({ digest }) => !condemned.has(digest));
  const leftText = found.map(({ service, digest }) => leftAlone(service, condemned.get(digest) ?? null)).join('');
  if (fresh.length === 0) return nothing(`${app} runs the newest images${leftText}`);

  const why = `a newer image of ${fresh.map(({ service }) => service).join(', ')}`;
  const images = Object.fromEntries([
    ...newest.map(({ service, now }) => [service, now]),
    ...fresh.map(({ service, digest }) => [service, digest]),
  ]) as Record<string, Digest>;
  // It was asked for with that release, and not with those that follow by themselves.
  const { recreateVolumes: _asked, ...spec } = current.spec;
  const plan = await makePlan({ spec, images, secretVersions: current.secretVersions, isRead: false }, options);
  const release: Omit<Release, 'number' | 'app'> = { ...plan.contents, cause, createdAt: options.now() };
  const made = await enqueueDeployment(
    {
      app,
      source: { kind: 'new', release },
      placement: plan.placement,
      known: plan.app,
      cause,
      rolling: 'wait',
      releaseQuarantine: false,
      why,
    },
    options,
  );
  const text = `release ${made.release.number} of ${app}: ${why}${leftText}`;
  return { deployment: made.deployment.id, asked: true, text };
}

function leftAlone(service: string, row: QuarantineRow | null): string {
  if (row === null) return '';
  return row.kind === 'failed'
    ? `; the newest image of ${service} failed its gate before and is left alone`
    : `; the newest image of ${service} is held (${row.reason}) until a newer one appears, or you deploy or unquarantine it`;
}

interface Found {
  readonly service: string;
  readonly now: Digest;
  readonly digest: Digest;
}

async function newestDigests(
  current: Release,
  fresh: boolean,
  { images }: Pick<Options, 'images'>,
): Promise<readonly Found[]> {
  return Promise.all(
    Object.entries(current.spec.services).map(async ([service, { image }]) => {
      if (image.digest === null) throw new Error(`release ${current.number} of ${current.app} is not pinned`);
      // A reference that names its digest never changes.
      const digest = digestInReference(image.reference) ?? (await images.resolve(image.reference, fresh));
      return { service, now: image.digest, digest };
    }),
  );
}

const nothing = (text: string): ImageAnswer => ({ deployment: null, asked: true, text });
