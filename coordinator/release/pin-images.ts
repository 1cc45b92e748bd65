/** A spec with every image pinned to the top-level digest that was resolved for it. Pure. */
import type { AppSpec } from '../../fleet/app-spec.ts';
import type { Digest } from '../../fleet/ids.ts';

/** @param digests by service; a service that is not named keeps what the spec says */
export function pinImages(spec: AppSpec, digests: Readonly<Record<string, Digest>>): AppSpec {
  const services = Object.entries(spec.services).map(([name, service]) => {
    const digest = digests[name] ?? service.image.digest;
    return [name, { ...service, image: { ...service.image, digest } }] as const;
  });
  return { ...spec, services: Object.fromEntries(services) };
}

/** `sha256:...` where the reference itself names one (`web@sha256:...`). */
export function digestInReference(reference: string): Digest | null {
  const match = /@(sha256:[0-9a-f]{64})$/.exec(reference);
  return match === null ? null : (match[1] as Digest);
}
