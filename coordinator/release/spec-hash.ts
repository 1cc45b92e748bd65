/**
 * The hash that names instances: `h1:` and sha256 over the canonical JSON of their content (D10). Another rule gets
 * another prefix and waits for the next real change; agents take the hash as it is.
 */
import { createHash } from 'node:crypto';
import type { AppSpec } from '../../fleet/app-spec.ts';
import { canonicalJson } from '../../fleet/canonical-json.ts';
import type { SpecHash } from '../../fleet/ids.ts';
import { instanceContent } from './instance-content.ts';

/** Hash by service. @throws Error where an image is not pinned */
export function specHashes(
  spec: AppSpec,
  secretVersions: Readonly<Record<string, number>>,
): Readonly<Record<string, SpecHash>> {
  return Object.fromEntries(
    Object.entries(spec.services).map(([name, service]) => {
      const text = canonicalJson(instanceContent(spec, name, service, secretVersions));
      return [name, `h1:${createHash('sha256').update(text).digest('hex')}` as SpecHash];
    }),
  );
}
