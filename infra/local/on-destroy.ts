/**
 * A command for the moment in which a resource is destroyed for good. Terraform forgets what agents have made (it did
 * not make it), so that somebody must clean up after them; it stands at volumes, which outlive a new version's
 * container, and not at containers.
 */
import path from 'node:path';
import type { LocalExecProvisioner } from 'cdktf';

/** The checkout that this file is part of; absolute, since a saved plan is applied from elsewhere. */
export const CHECKOUT = path.resolve(import.meta.dirname, '../..');

/** @param script below the checkout, with its parameters quoted for a shell; may refer to `self` only */
export function onDestroy(script: string): LocalExecProvisioner {
  return {
    type: 'local-exec',
    when: 'destroy',
    workingDir: CHECKOUT,
    command: `node --import=tsx ${script}`,
  };
}
