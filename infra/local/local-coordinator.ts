/**
 * The coordinator in the machine's network, on loopback: agents and people reach it without TLS and nobody else does,
 * and it reaches the registry under the name that stands in images. Beside it runs, once, what puts an enrolment token
 * into a volume that the agents read; so no token is in Terraform's state, and each is good for an hour only.
 */
import { Container } from '@cdktf/provider-docker/lib/container/index.js';
import { Volume } from '@cdktf/provider-docker/lib/volume/index.js';
import { Construct } from 'constructs';
import { COORDINATOR_FOLDER, ENROLL_FOLDER, ENROLL_TOKEN_FILE, LOCAL_POOL, type LocalLayout } from './local-layout.ts';
import { LOG_OPTIONS, stackLabel } from './container-habits.ts';

export interface LocalCoordinatorProps {
  readonly layout: LocalLayout;
  readonly imageId: string;
}

export class LocalCoordinator extends Construct {
  readonly enrolmentVolume: Volume;
  /** Has ended when the token is there; agents come after it. */
  readonly enrolment: Container;

  constructor(scope: Construct, id: string, { layout, imageId }: LocalCoordinatorProps) {
    super(scope, id);
    const { coordinator, fleet } = layout;
    const labels = [stackLabel(fleet)];
    const data = new Volume(this, 'data', { name: coordinator.volume, labels });
    this.enrolmentVolume = new Volume(this, 'enrolment-data', { name: layout.enrolment.volume, labels });
    const common = { image: imageId, user: 'node', networkMode: 'host', labels, ...LOG_OPTIONS };
    const serving = new Container(this, 'container', {
      ...common,
      name: coordinator.name,
      command: [
        'node',
        'longshore-coordinator.mjs',
        ...['--data-dir', COORDINATOR_FOLDER],
        ...['--listen', coordinator.address],
      ],
      volumes: [{ volumeName: data.name, containerPath: COORDINATOR_FOLDER }],
      restart: 'unless-stopped',
      healthcheck: {
        test: ['CMD', 'wget', '-q', '-O', '/dev/null', `http://${coordinator.address}/readyz`],
        interval: '2s',
        timeout: '5s',
        retries: 30,
      },
      wait: true,
      waitTimeout: 120,
      destroyGraceSeconds: 20,
    });
    this.enrolment = new Container(this, 'enrolment', {
      ...common,
      name: layout.enrolment.name,
      command: ['./make-pool-token.sh', LOCAL_POOL, ENROLL_TOKEN_FILE],
      env: [
        `LONGSHORE_URL=http://${coordinator.address}`,
        `LONGSHORE_TOKEN_FILE=${COORDINATOR_FOLDER}/admin-token`,
        // Another number of hosts makes it run again: the token of the last time has expired.
        `HOSTS=${layout.hosts.length}`,
      ],
      volumes: [
        { volumeName: data.name, containerPath: COORDINATOR_FOLDER, readOnly: true },
        { volumeName: this.enrolmentVolume.name, containerPath: ENROLL_FOLDER },
      ],
      attach: true,
      mustRun: false,
      dependsOn: [serving],
    });
  }
}
