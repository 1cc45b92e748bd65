import t from 'tap';
import { labelsOfInstance } from '../../../../agent/engine/engine-labels.ts';
import {
  changeKey,
  toObservation,
  type InspectedContainer,
  type ListedContainer,
} from '../../../../agent/engine/to-observation.ts';
import type { InstanceId, ServiceName } from '../../../../fleet/ids.ts';
import { appName, aService, deploymentId, digest, hostId, specHash } from '../../../support/app-builders.ts';

const network = 'longshore-h-0000000000000001-shop';

const listed = (fields: Partial<ListedContainer> = {}): ListedContainer => ({
  Id: 'c0ffee',
  ImageID: 'sha256:image',
  State: 'running',
  Status: 'Up 5 minutes',
  Labels: labelsOfInstance({
    instance: 'i-00000000000a' as InstanceId,
    host: hostId(1),
    app: appName('shop'),
    service: { name: 'web' as ServiceName, hash: specHash('b'), spec: aService() },
    replica: 2,
    slot: 1,
    release: 7,
    deployment: deploymentId(3),
    attempt: 4,
    imageId: 'sha256:image',
    network,
    address: '10.213.4.7',
    names: { aliases: [], links: {} },
    volumes: {},
    files: [],
    imageVolumes: {},
    secretEnvironment: {},
  }),
  NetworkSettings: { Networks: { [network]: { EndpointID: 'e1', IPAddress: '10.213.4.7' } } },
  ...fields,
});

/** As Engine 20.10 answers for a container that runs. */
const inspected = (
  state: Partial<InspectedContainer['State']> = {},
  settings: Partial<InspectedContainer['NetworkSettings']> = {},
): InspectedContainer => ({
  Image: 'sha256:image',
  RestartCount: 1,
  State: {
    Status: 'running',
    ExitCode: 0,
    OOMKilled: false,
    StartedAt: '2026-11-21T07:50:39.730381815Z',
    FinishedAt: '0001-01-01T00:00:00Z',
    ...state,
  },
  Config: { StopTimeout: 40 },
  HostConfig: { NetworkMode: network, RestartPolicy: { Name: 'always' } },
  NetworkSettings: {
    Ports: {
      '80/tcp': [{ HostPort: '8080' }, { HostPort: '8080' }],
      '53/udp': [{ HostPort: '5353' }],
      '9000/tcp': null,
    },
    Networks: {
      [network]: {
        EndpointID: 'e1',
        NetworkID: 'n1',
        IPAddress: '10.213.4.7',
        IPAMConfig: { IPv4Address: '10.213.4.7' },
        Aliases: ['web', 'c0ffee'],
        Links: ['i-00000000000a:api'],
      },
    },
    ...settings,
  },
});

t.test('toObservation: a running container, whole', (t) => {
  t.same(toObservation(listed(), inspected()), {
    engineId: 'c0ffee',
    instance: 'i-00000000000a',
    app: 'shop',
    service: 'web',
    replica: 2,
    slot: 1,
    hash: specHash('b'),
    release: 7,
    deployment: deploymentId(3),
    attempt: 4,
    imageId: 'sha256:image',
    recordedImageId: 'sha256:image',
    digest: digest('a'),
    state: 'running',
    exitCode: null,
    oomKilled: false,
    restartPolicy: 'always',
    restartCount: 1,
    startedAtMs: Date.UTC(2026, 10, 21, 7, 50, 39, 730),
    finishedAtMs: null,
    address: '10.213.4.7',
    networkId: 'n1',
    aliases: ['web'],
    links: { api: 'i-00000000000a' },
    engineHealth: 'none',
    engineHealthDetail: null,
    stopGraceMs: 40_000,
    ports: { 80: 8080, '53/udp': 5353 },
    volumes: {},
  });
  t.end();
});

t.test('toObservation: one that ended has its exit code, and keeps the address it was given', (t) => {
  const ended = inspected(
    { Status: 'exited', ExitCode: 137, OOMKilled: true, FinishedAt: '2026-11-21T08:00:00Z' },
    {
      Ports: {},
      Networks: {
        [network]: { EndpointID: '', IPAddress: '', IPAMConfig: { IPv4Address: '10.213.4.7' }, Aliases: null },
      },
    },
  );

  t.match(toObservation(listed({ State: 'exited' }), ended), {
    state: 'exited',
    exitCode: 137,
    oomKilled: true,
    finishedAtMs: Date.UTC(2026, 10, 21, 8),
    address: '10.213.4.7',
    aliases: [],
    links: {},
    ports: {},
  });
  t.end();
});

t.test('toObservation: cut off between disconnect and connect it has no address', (t) => {
  t.equal(toObservation(listed(), inspected({}, { Networks: {} }))?.address, null);
  t.end();
});

t.test("toObservation: state of the image's check, with the last answer", (t) => {
  const health = {
    Status: 'unhealthy',
    Log: [
      { ExitCode: 0, Output: 'ok' },
      { ExitCode: 1, Output: 'refused\n' },
    ],
  };

  t.match(toObservation(listed(), inspected({ Health: health })), {
    engineHealth: 'unhealthy',
    engineHealthDetail: 'exit code 1: refused',
  });
  t.equal(toObservation(listed(), inspected({ Health: { Status: 'none' } }))?.engineHealth, 'none');
  t.end();
});

t.test('toObservation: removing and dead are out of use', (t) => {
  for (const Status of ['removing', 'dead', 'something new']) {
    t.equal(toObservation(listed(), inspected({ Status }))?.state, 'dead');
  }
  t.end();
});

t.test('toObservation: without our labels, whole, it is not ours', (t) => {
  const { Labels } = listed();
  for (const name of Object.keys(Labels).filter(
    (each) => !['longshore.host', 'longshore.deployment', 'longshore.metadata'].includes(each),
  )) {
    const { [name]: _, ...rest } = Labels;
    t.equal(toObservation(listed({ Labels: rest }), inspected()), null, name);
  }
  t.equal(toObservation(listed({ Labels: { ...Labels, 'longshore.slot': '2' } }), inspected()), null);
  t.end();
});

t.test('changeKey: the same while nothing happens, another one for all that an inspect would show', (t) => {
  const key = changeKey(listed());
  const endpoint = (EndpointID: string, IPAddress: string) => ({ Networks: { [network]: { EndpointID, IPAddress } } });

  t.equal(changeKey(listed({ Status: 'Up About an hour' })), key, 'an age is no change');
  for (const [what, changed] of [
    ['state', listed({ State: 'exited', Status: 'Exited (1) 2 seconds ago' })],
    ['health', listed({ Status: 'Up 5 minutes (unhealthy)' })],
    ['restart or reconnect', listed({ NetworkSettings: endpoint('e2', '10.213.4.7') })],
    ['address', listed({ NetworkSettings: endpoint('e1', '10.213.4.8') })],
  ] as const) {
    t.not(changeKey(changed), key, what);
  }
  t.not(
    changeKey(listed({ State: 'exited', Status: 'Exited (1) 2 seconds ago' })),
    changeKey(listed({ State: 'exited', Status: 'Exited (0) 2 seconds ago' })),
  );
  t.end();
});
