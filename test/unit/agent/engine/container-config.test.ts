import t from 'tap';
import { containerConfig } from '../../../../agent/engine/container-config.ts';
import type { InstancePlan } from '../../../../agent/engine/container-engine.ts';
import type { ProbeCheck, ServiceSpec } from '../../../../fleet/app-spec.ts';
import type { InstanceId, ServiceName } from '../../../../fleet/ids.ts';
import { appName, aService, digest, hostId, specHash } from '../../../support/app-builders.ts';

const features = { startInterval: true };

const aPlan = (spec: Partial<ServiceSpec> = {}, fields: Partial<InstancePlan> = {}): InstancePlan => ({
  instance: 'i-00000000000a' as InstanceId,
  host: hostId(1),
  app: appName('shop'),
  service: { name: 'web' as ServiceName, hash: specHash('b'), spec: aService(spec) },
  replica: 2,
  slot: 1,
  release: 7,
  deployment: 'd-0000000000000003',
  attempt: 4,
  imageId: 'sha256:image',
  network: 'longshore-h-0000000000000001-shop',
  address: '10.213.4.7',
  names: { aliases: [], links: {} },
  volumes: {},
  files: [],
  imageVolumes: {},
  secretEnvironment: {},
  ...fields,
});

const labels = {
  'longshore.host': 'h-0000000000000001',
  'longshore.app': 'shop',
  'longshore.service': 'web',
  'longshore.replica': '2',
  'longshore.slot': '1',
  'longshore.hash': specHash('b'),
  'longshore.release': '7',
  'longshore.deployment': 'd-0000000000000003',
  'longshore.attempt': '4',
  'longshore.instance': 'i-00000000000a',
  'longshore.image': 'sha256:image',
  'longshore.digest': digest('a'),
  'longshore.metadata': 'deny',
};

t.test('containerConfig: a plain service is exactly this body', (t) => {
  t.same(containerConfig(aPlan(), features), {
    name: 'longshore-h-0000000000000001-i-00000000000a',
    Image: 'sha256:image',
    Env: [],
    Labels: labels,
    ExposedPorts: {},
    Healthcheck: { Test: ['NONE'] },
    StopTimeout: 10,
    Tty: false,
    OpenStdin: false,
    HostConfig: {
      NetworkMode: 'longshore-h-0000000000000001-shop',
      RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
      PortBindings: {},
      Binds: [],
      Mounts: [],
      ReadonlyRootfs: false,
      Privileged: false,
      Init: false,
      CapAdd: [],
      CapDrop: [],
      GroupAdd: [],
      SecurityOpt: [],
      Ulimits: [],
      Sysctls: {},
      ExtraHosts: [],
      Dns: [],
      Devices: [],
    },
    NetworkingConfig: {
      EndpointsConfig: {
        'longshore-h-0000000000000001-shop': { IPAMConfig: { IPv4Address: '10.213.4.7' }, Aliases: [] },
      },
    },
  });
  t.end();
});

t.test('containerConfig: every field of a service has its place', (t) => {
  const plan = aPlan(
    {
      image: { reference: 'shop:1', digest: digest('a'), pull: 'always', platform: 'linux/arm64' },
      command: ['serve', '--fast'],
      entrypoint: ['/entry'],
      environment: { B: '2', A: '1', SECRET: 'plain' },
      labels: { team: 'blue', 'longshore.host': 'forged' },
      ports: [
        { container: 80, host: 8080, hostIp: '127.0.0.1', protocol: 'tcp' },
        { container: 80, host: 8081, hostIp: null, protocol: 'tcp' },
        { container: 53, host: null, hostIp: null, protocol: 'udp' },
      ],
      expose: [9000],
      mounts: [
        { kind: 'volume', volume: 'data', target: '/data', readOnly: false },
        { kind: 'bind', source: '/srv/new', target: '/new', readOnly: true, createSource: true },
        { kind: 'bind', source: '/srv/there', target: '/there', readOnly: false, createSource: false },
        { kind: 'tmpfs', target: '/tmp', sizeBytes: 1024, mode: 0o1777 },
        { kind: 'tmpfs', target: '/run', sizeBytes: null, mode: null },
      ],
      restart: { name: 'always', maxAttempts: 0 },
      stopGraceMs: 1_500,
      stopSignal: 'SIGINT',
      user: '1000:1000',
      workingDir: '/app',
      hostname: 'web',
      domainname: 'example.test',
      readOnly: true,
      privileged: true,
      init: true,
      tty: true,
      stdinOpen: true,
      capAdd: ['NET_ADMIN'],
      capDrop: ['ALL'],
      groupAdd: ['44'],
      securityOpt: ['no-new-privileges:true'],
      ulimits: [{ name: 'nofile', soft: 1024, hard: 2048 }],
      sysctls: { 'net.core.somaxconn': '1024' },
      extraHosts: ['db:10.0.0.1'],
      dns: ['10.0.0.2'],
      devices: ['/dev/a', '/dev/b:/dev/c:r'],
      shmBytes: 64_000_000,
      pidMode: 'host',
      ipcMode: 'shareable',
      logging: { driver: 'local', options: { 'max-size': '10m' } },
      resources: { cpus: 1.5, memoryBytes: 268_435_456, memoryReservationBytes: 134_217_728, pids: 200 },
    },
    {
      names: { aliases: ['web', 'www'], links: { db: 'i-00000000000b', api: 'i-00000000000a' } },
      volumes: { data: 'longshore-h-0000000000000001-shop-data' },
      files: [{ source: '/var/lib/longshore/files/key', target: '/run/secrets/key' }],
      secretEnvironment: { SECRET: 'hidden' },
    },
  );

  t.same(containerConfig(plan, features), {
    name: 'longshore-h-0000000000000001-i-00000000000a',
    platform: 'linux/arm64',
    Image: 'sha256:image',
    Cmd: ['serve', '--fast'],
    Entrypoint: ['/entry'],
    Env: ['A=1', 'B=2', 'SECRET=hidden'],
    Labels: { team: 'blue', ...labels },
    ExposedPorts: { '80/tcp': {}, '53/udp': {}, '9000/tcp': {} },
    Healthcheck: { Test: ['NONE'] },
    StopTimeout: 2,
    StopSignal: 'SIGINT',
    User: '1000:1000',
    WorkingDir: '/app',
    Hostname: 'web',
    Domainname: 'example.test',
    Tty: true,
    OpenStdin: true,
    HostConfig: {
      NetworkMode: 'longshore-h-0000000000000001-shop',
      RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
      PortBindings: {
        '80/tcp': [
          { HostIp: '127.0.0.1', HostPort: '8080' },
          { HostIp: '', HostPort: '8081' },
        ],
        '53/udp': [{ HostIp: '', HostPort: '' }],
      },
      Binds: ['/srv/new:/new:ro'],
      Mounts: [
        { Type: 'volume', Source: 'longshore-h-0000000000000001-shop-data', Target: '/data', ReadOnly: false },
        { Type: 'bind', Source: '/srv/there', Target: '/there', ReadOnly: false },
        { Type: 'tmpfs', Target: '/tmp', TmpfsOptions: { SizeBytes: 1024, Mode: 0o1777 } },
        { Type: 'tmpfs', Target: '/run', TmpfsOptions: {} },
        { Type: 'bind', Source: '/var/lib/longshore/files/key', Target: '/run/secrets/key', ReadOnly: true },
      ],
      ReadonlyRootfs: true,
      Privileged: true,
      Init: true,
      CapAdd: ['NET_ADMIN'],
      CapDrop: ['ALL'],
      GroupAdd: ['44'],
      SecurityOpt: ['no-new-privileges:true'],
      Ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 2048 }],
      Sysctls: { 'net.core.somaxconn': '1024' },
      ExtraHosts: ['db:10.0.0.1'],
      Dns: ['10.0.0.2'],
      Devices: [
        { PathOnHost: '/dev/a', PathInContainer: '/dev/a', CgroupPermissions: 'rwm' },
        { PathOnHost: '/dev/b', PathInContainer: '/dev/c', CgroupPermissions: 'r' },
      ],
      ShmSize: 64_000_000,
      PidMode: 'host',
      IpcMode: 'shareable',
      LogConfig: { Type: 'local', Config: { 'max-size': '10m' } },
      NanoCpus: 1_500_000_000,
      Memory: 268_435_456,
      MemoryReservation: 134_217_728,
      PidsLimit: 200,
    },
    NetworkingConfig: {
      EndpointsConfig: {
        'longshore-h-0000000000000001-shop': {
          IPAMConfig: { IPv4Address: '10.213.4.7' },
          Aliases: ['web', 'www'],
          Links: ['i-00000000000a:api', 'i-00000000000b:db'],
        },
      },
    },
  });
  t.end();
});

t.test('containerConfig: who may ask the metadata server says so in a label that nobody else can have', (t) => {
  const asks = (spec: Partial<ServiceSpec>): string | undefined =>
    containerConfig(aPlan(spec), features).Labels['longshore.metadata'];
  t.equal(asks({ metadata: 'allow' }), 'allow');
  t.equal(asks({ metadata: 'deny', labels: { 'longshore.metadata': 'allow' } }), 'deny', 'nor the image');
  t.end();
});

t.test('containerConfig: host and none have no endpoint', (t) => {
  for (const networkMode of ['host', 'none'] as const) {
    const body = containerConfig(aPlan({ networkMode }, { network: null, address: null }), features);

    t.equal(body.HostConfig.NetworkMode, networkMode);
    t.notOk('NetworkingConfig' in body);
  }
  t.end();
});

t.test("containerConfig: the agent probes alone, unless the check is the image's own", (t) => {
  const healthcheckFor = (check: ProbeCheck, startInterval = true): unknown => {
    const { probe } = aService();
    const spec = { probe: { ...probe, check, startIntervalMs: 100, startPeriodMs: 5_000 } };
    return containerConfig(aPlan(spec), { startInterval }).Healthcheck;
  };

  t.same(healthcheckFor({ kind: 'tcp', port: 80 }), { Test: ['NONE'] });
  t.same(healthcheckFor({ kind: 'exec', command: ['true'] }), { Test: ['NONE'] });
  t.same(healthcheckFor({ kind: 'none' }), { Test: ['NONE'] });
  t.same(
    healthcheckFor({ kind: 'image' }),
    { StartInterval: 100_000_000, StartPeriod: 60_000_000_000 },
    "without Test the image's stays; quick until the deadline of the gate",
  );
  t.same(healthcheckFor({ kind: 'image' }, false), {}, 'an engine before 25 has no start interval');
  const overrides = { intervalMs: 2_000, retries: 7, startPeriodMs: 0 };
  t.same(
    healthcheckFor({ kind: 'image', overrides }),
    { Interval: 2_000_000_000, Retries: 7, StartInterval: 100_000_000, StartPeriod: 60_000_000_000 },
    'what the file states overrides the image, and nothing else does',
  );
  t.same(
    healthcheckFor({ kind: 'image', overrides: { ...overrides, timeoutMs: 1_500 } }, false),
    { Interval: 2_000_000_000, Timeout: 1_500_000_000, Retries: 7, StartPeriod: 1_000_000 },
    'a start period of 0 is stated, not left to the image',
  );
  t.end();
});

t.test('containerConfig: a plan that is not whole is a fault of the planner', (t) => {
  const mounts = [{ kind: 'volume' as const, volume: 'data', target: '/data', readOnly: false }];

  t.throws(() => containerConfig(aPlan({ mounts }), features), /volume data/);
  t.throws(() => containerConfig(aPlan({}, { network: null, address: null }), features), /no network/);
  t.throws(() => {
    const { image } = aService();
    containerConfig(aPlan({ image: { ...image, digest: null } }), features);
  }, /not pinned/);
  t.end();
});
