/** Releases, events, tokens and plans as the API shows them. Pure; no hash and no ciphertext passes here. */
import type { DeploymentState } from '../../../fleet/deployment.ts';
import type { AppSpec } from '../../../fleet/app-spec.ts';
import type { Digest } from '../../../fleet/ids.ts';
import type { Release } from '../../../fleet/release.ts';
import type { EnrollTokenView, TokenView } from '../../../protocol/http-api/access-views.ts';
import type { EventView, PlanView, ReleaseView } from '../../../protocol/http-api/views.ts';
import type { ApiTokenRow, EnrollTokenRow, StoredEvent } from '../../store/records.ts';

export function releaseView(release: Release, outcome: DeploymentState | null, succeeded: number | null): ReleaseView {
  return {
    app: release.app,
    number: release.number,
    images: pinnedImages(release.spec),
    spec: release.spec,
    secretVersions: { ...release.secretVersions },
    cause: release.cause,
    createdAt: release.createdAt,
    current: release.number === succeeded,
    outcome,
  };
}

/** @throws Error where an image is not pinned */
export function pinnedImages(spec: AppSpec): PlanView['images'] {
  return Object.fromEntries(
    Object.entries(spec.services).map(([name, { image }]): [string, { reference: string; digest: Digest }] => {
      if (image.digest === null) throw new Error(`image of service ${name} is not pinned`);
      return [name, { reference: image.reference, digest: image.digest }];
    }),
  );
}

export function eventView(event: StoredEvent): EventView {
  const { hash: _hash, ...view } = event;
  return { ...view, occurredAt: event.cause.kind === 'host' ? (event.cause.at ?? null) : null };
}

export function tokenView(row: ApiTokenRow): TokenView {
  const { hash: _hash, ...view } = row;
  return view;
}

export function enrollTokenView(row: EnrollTokenRow): EnrollTokenView {
  const { hash: _hash, labels, ...view } = row;
  return { ...view, labels: { ...labels } };
}
