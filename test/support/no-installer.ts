/** Of a coordinator that has no agents to install. */
import { AgentArchives } from '../../coordinator/install/agent-archives.ts';
import { Installer } from '../../coordinator/install/installer.ts';

export function noInstaller(): Installer {
  return new Installer({ audiences: ['ws://127.0.0.1:1'], root: null, archives: new AgentArchives('/does/not/exist') });
}
