/**
 * A command for the moment in which a resource is destroyed for good. Terraform forgets what agents have made (it did
 * not make it), so that somebody must clean up after them; it stands at volumes, which outlive a new version's
 * container, and not at containers.
 */
import type { LocalExecProvisioner } from 'cdktf';

/** @param script below the repository, with its parameters quoted for a shell; may refer to `self` only */
export function onDestroy(repository: string, script: string): LocalExecProvisioner {
  return {
    type: 'local-exec',
    when: 'destroy',
    workingDir: repository,
    command: `node --import=tsx ${script}`,
  };
}
