/**
 * The hosts: an agent each, in a container with the engine's socket and the machine's network and processes, since it
 * must reach its containers' addresses. Its data is a volume that is mounted at the very path where the engine keeps
 * it: what the agent names in a bind mount is then true for the engine, too. One resource over all hosts (`for_each`),
 * because only then does Terraform run what stands at a volume's end when `hosts` is made smaller.
 */
import { Container } from '@cdktf/provider-docker/lib/container/index.js';
import { Volume } from '@cdktf/provider-docker/lib/volume/index.js';
import { type ITerraformDependable, TerraformIterator } from 'cdktf';
import { Construct } from 'constructs';
import { LOG_OPTIONS, stackLabel } from './container-habits.ts';
import { ENROLL_FOLDER, renderAgentConfig, type LocalLayout } from './local-layout.ts';
import { onDestroy } from './on-destroy.ts';

const CONFIG_FILE = '/etc/longshore/agent.yaml';

export interface LocalHostsProps {
  readonly layout: LocalLayout;
  readonly imageId: string;
  readonly image: ITerraformDependable;
  readonly enrolmentVolume: string;
  /** Agents come after these. */
  readonly after: readonly ITerraformDependable[];
  /** Path of the engine's socket on this machine. */
  readonly engineSocket: string;
}

export class LocalHosts extends Construct {
  constructor(scope: Construct, id: string, props: LocalHostsProps) {
    super(scope, id);
    const { layout, engineSocket } = props;
    const hosts = TerraformIterator.fromMap(
      Object.fromEntries(
        layout.hosts.map((host) => [
          host.name,
          { container: host.container, volume: host.volume, config: renderAgentConfig(host, layout) },
        ]),
      ),
    );
    const labels = [stackLabel(layout.fleet)];
    const data = new Volume(this, 'data', {
      forEach: hosts,
      name: hosts.getString('volume'),
      labels,
      // The image reads what is in the volume when that goes, so that it must go later.
      dependsOn: [props.image],
      provisioners: [onDestroy(`scripts/local/forget-host.ts '\${self.name}' '${layout.programsImage}'`)],
    });
    const mountpoint = `\${${data.fqn}[each.key].mountpoint}`;
    new Container(this, 'container', {
      forEach: hosts,
      name: hosts.getString('container'),
      image: props.imageId,
      command: ['node', 'longshore-agent.cjs', '--config', CONFIG_FILE],
      env: [`LONGSHORE_DATA_DIR=${mountpoint}`],
      networkMode: 'host',
      pidMode: 'host',
      upload: [{ file: CONFIG_FILE, content: hosts.getString('config') }],
      volumes: [
        { volumeName: `\${${data.fqn}[each.key].name}`, containerPath: mountpoint },
        { volumeName: props.enrolmentVolume, containerPath: ENROLL_FOLDER, readOnly: true },
        { hostPath: engineSocket, containerPath: '/var/run/docker.sock' },
      ],
      labels,
      restart: 'unless-stopped',
      destroyGraceSeconds: 20,
      dependsOn: [...props.after],
      ...LOG_OPTIONS,
    });
  }
}
