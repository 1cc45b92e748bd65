/**
 * The hash that names instances: `h1:` and sha256 over the canonical JSON of their content. Another rule gets
 * another prefix and waits for the next real change. Agents take the hash as it is; one that updates an app alone gives
 * the new instance its hash by the same rule, so that adopting what it did replaces nothing.
 */
import { createHash } from 'node:crypto';
import type { AppSpec } from '../../fleet/app-spec.ts';
import type { SpecHash } from '../../fleet/ids.ts';
import { instanceText } from '../../fleet/instance-content.ts';

/** Hash by service. @throws Error where an image is not pinned */
export function specHashes(
  spec: AppSpec,
  secretVersions: Readonly<Record<string, number>>,
): Readonly<Record<string, SpecHash>> {
  return Object.fromEntries(
    Object.entries(spec.services).map(([name, service]) => {
      const text = instanceText(spec, name, service, secretVersions);
      return [name, `h1:${createHash('sha256').update(text).digest('hex')}` as SpecHash];
    }),
  );
}
