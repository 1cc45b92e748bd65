/** Each key of a service: short and long forms give the same, and what is not said has its default. */
import t from 'tap';
import { specOf, webFile, webOf } from '../../support/app-file.ts';
import type { ServiceSpec } from '../../../fleet/app-spec.ts';

const DECLARED = 'volumes: {data: }\nsecrets: {key: {external: true}}\nconfigs: {conf: {content: hello}}\n';

function web(lines: string): ServiceSpec {
  const found = specOf(webFile(lines, DECLARED)).services.web;
  if (found === undefined) throw new Error('no service');
  return found;
}

type Case = readonly [title: string, lines: string, expected: Partial<ServiceSpec>];

const volume = { kind: 'volume', volume: 'data', target: '/d', readOnly: false } as const;
const bind = { kind: 'bind', source: '/s', target: '/d', readOnly: true, createSource: true } as const;
const tmpfs = { kind: 'tmpfs', target: '/t', sizeBytes: 67_108_864, mode: 0o1777 } as const;
const port = { container: 80, host: 8080, hostIp: '127.0.0.1', protocol: 'udp' } as const;
const NO_LIMITS = { cpus: null, memoryBytes: null, memoryReservationBytes: null, pids: null } as const;
const file = { uid: null, gid: null, mode: null } as const;

const CASES: readonly Case[] = [
  ['command as a text', `command: sh -c "a b"`, { command: ['sh', '-c', 'a b'] }],
  ['command as a list', 'command: [sh, -c, 1]', { command: ['sh', '-c', '1'] }],
  ['command empty', 'command: []', { command: [] }],
  ['command null', 'command:', { command: null }],
  ['entrypoint', 'entrypoint: /run.sh x', { entrypoint: ['/run.sh', 'x'] }],
  ['environment as a list', 'environment: ["A=b=c", "E=", "N=1"]', { environment: { A: 'b=c', E: '', N: '1' } }],
  [
    'environment as a map, as written',
    'environment: {A: 1.10, B: true, C: 0080}',
    { environment: { A: '1.10', B: 'true', C: '0080' } },
  ],
  ['labels', 'labels: [a=1, b]', { labels: { a: '1', b: '' } }],
  ['ports short', 'ports: ["127.0.0.1:8080:80/udp"]', { ports: [port], order: 'stop-first' }],
  ['ports long', 'ports: [{target: 80, published: "8080", host_ip: 127.0.0.1, protocol: udp}]', { ports: [port] }],
  [
    "ports of Docker's choice",
    'ports: [80]',
    { ports: [{ container: 80, host: null, hostIp: null, protocol: 'tcp' }], order: 'start-first' },
  ],
  [
    'ports as ranges',
    'ports: ["90-91:80-81"]',
    {
      ports: [
        { container: 80, host: 90, hostIp: null, protocol: 'tcp' },
        { container: 81, host: 91, hostIp: null, protocol: 'tcp' },
      ],
    },
  ],
  ['expose', 'expose: [80, "90-91", "53/udp"]', { expose: [80, 90, 91, 53] }],
  ['volume short', 'volumes: ["data:/d"]', { mounts: [volume], order: 'stop-first' }],
  ['volume long', 'volumes: [{type: volume, source: data, target: /d/}]', { mounts: [volume] }],
  ['volume read-only', 'volumes: ["data:/d:ro"]', { mounts: [{ ...volume, readOnly: true }], order: 'start-first' }],
  [
    'volume, the file says',
    'volumes: ["data:/d"]\ndeploy: {update_config: {order: start-first}}',
    { order: 'start-first', orderStated: true },
  ],
  ['bind short', 'volumes: ["/s:/d:ro"]', { mounts: [bind], order: 'start-first' }],
  ['bind long', 'volumes: [{type: bind, source: /s, target: /d, read_only: true}]', { mounts: [bind] }],
  [
    'bind that must exist',
    'volumes: [{type: bind, source: /s, target: /d, read_only: true, bind: {create_host_path: false}}]',
    { mounts: [{ ...bind, createSource: false }] },
  ],
  ['tmpfs short', 'tmpfs: /t:size=64m,mode=1777', { mounts: [tmpfs] }],
  ['tmpfs long', 'volumes: [{type: tmpfs, target: /t, tmpfs: {size: 64m, mode: 01777}}]', { mounts: [tmpfs] }],
  ['secret short', 'secrets: [key]', { secrets: [{ secret: 'key', as: 'file', target: '/run/secrets/key', ...file }] }],
  [
    'secret long',
    'secrets: [{source: key, target: k, uid: "103", gid: "104", mode: 0440}]',
    { secrets: [{ secret: 'key', as: 'file', target: '/run/secrets/k', uid: 103, gid: 104, mode: 0o440 }] },
  ],
  [
    'secret as a variable',
    'x-longshore: {secrets_env: {API_KEY: key}}',
    { secrets: [{ secret: 'key', as: 'environment', target: 'API_KEY', ...file }] },
  ],
  ['config short', 'configs: [conf]', { configs: [{ config: 'conf', target: '/conf', ...file }] }],
  [
    'config long',
    'configs: [{source: conf, target: /etc/c, mode: "0400"}]',
    { configs: [{ config: 'conf', target: '/etc/c', uid: null, gid: null, mode: 0o400 }] },
  ],
  [
    'health check as a text',
    'healthcheck: {test: curl -f x, interval: 2s, retries: 5}',
    {
      probe: {
        check: { kind: 'exec', command: ['/bin/sh', '-c', 'curl -f x'] },
        intervalMs: 2000,
        timeoutMs: 5000,
        retries: 5,
        startPeriodMs: 0,
        startIntervalMs: 100,
      },
    },
  ],
  [
    'health check CMD',
    'healthcheck: {test: [CMD, a, b], start_period: 1m, start_interval: 1s}',
    {
      probe: {
        check: { kind: 'exec', command: ['a', 'b'] },
        intervalMs: 10_000,
        timeoutMs: 5000,
        retries: 3,
        startPeriodMs: 60_000,
        startIntervalMs: 1000,
      },
    },
  ],
  [
    'health check off',
    'healthcheck: {disable: true}',
    {
      probe: {
        check: { kind: 'none' },
        intervalMs: 10_000,
        timeoutMs: 5000,
        retries: 3,
        startPeriodMs: 0,
        startIntervalMs: 100,
      },
    },
  ],
  [
    "numbers over the image's own health check",
    'healthcheck: {interval: 2s, start_period: 0s}',
    {
      probe: {
        check: { kind: 'image', overrides: { intervalMs: 2000, startPeriodMs: 0 } },
        intervalMs: 2000,
        timeoutMs: 5000,
        retries: 3,
        startPeriodMs: 0,
        startIntervalMs: 100,
      },
    },
  ],
  [
    'health over HTTP',
    'healthcheck: {timeout: 1s}\nx-longshore: {health: {http: {port: 80, path: /up}}}',
    {
      probe: {
        check: { kind: 'http', port: 80, path: '/up', host: null, scheme: 'http' },
        intervalMs: 10_000,
        timeoutMs: 1000,
        retries: 3,
        startPeriodMs: 0,
        startIntervalMs: 100,
      },
    },
  ],
  ['restart', 'restart: on-failure:3', { restart: { name: 'on-failure', maxAttempts: 3 } }],
  ['restart no', 'restart: no', { restart: { name: 'no', maxAttempts: 0 } }],
  [
    'restart policy',
    'deploy: {restart_policy: {condition: on-failure, max_attempts: 2}}',
    { restart: { name: 'on-failure', maxAttempts: 2 } },
  ],
  [
    'resources',
    'deploy: {resources: {limits: {cpus: "0.5", memory: 64m, pids: 10}, reservations: {memory: 32m}}}',
    { resources: { cpus: 0.5, memoryBytes: 67_108_864, memoryReservationBytes: 33_554_432, pids: 10 } },
  ],
  [
    'resources in the older keys',
    'cpus: 0.5\nmem_limit: 64m\nmem_reservation: 32m\npids_limit: 10',
    { resources: { cpus: 0.5, memoryBytes: 67_108_864, memoryReservationBytes: 33_554_432, pids: 10 } },
  ],
  ['replicas', 'deploy: {replicas: 3}', { replicas: 3 }],
  ['scale', 'scale: 3', { replicas: 3 }],
  ['mode replicated', 'deploy: {mode: replicated}', { replicas: 1 }],
  ['mode global', 'deploy: {mode: global}', { replicas: null }],
  [
    'constraints',
    'deploy: {placement: {constraints: ["node.labels.disk==ssd", "node.hostname != a b", "node.platform.arch == x86_64"]}}',
    {
      constraints: [
        { attribute: 'labels.disk', operator: '==', value: 'ssd' },
        { attribute: 'name', operator: '!=', value: 'a b' },
        { attribute: 'arch', operator: '==', value: 'amd64' },
      ],
    },
  ],
  [
    'ulimits',
    'ulimits: {nproc: 65535, nofile: {soft: 10, hard: 20}, core: -1}',
    {
      ulimits: [
        { name: 'nproc', soft: 65_535, hard: 65_535 },
        { name: 'nofile', soft: 10, hard: 20 },
        { name: 'core', soft: -1, hard: -1 },
      ],
    },
  ],
  ['extra hosts', 'extra_hosts: ["a:1.2.3.4", "b=[::1]"]', { extraHosts: ['a:1.2.3.4', 'b:::1'] }],
  ['devices', 'devices: ["/dev/a:/dev/b:r", {source: /dev/c}]', { devices: ['/dev/a:/dev/b:r', '/dev/c:/dev/c:rwm'] }],
  ['dns', 'dns: 1.1.1.1', { dns: ['1.1.1.1'] }],
  [
    'logging',
    'logging: {driver: local, options: {max-size: 10m}}',
    { logging: { driver: 'local', options: { 'max-size': '10m' } } },
  ],
  ['network aliases', 'networks: {default: {aliases: [a, b]}}', { aliases: ['a', 'b'], networkMode: 'app' }],
  ['network mode host', 'network_mode: host', { networkMode: 'host', order: 'stop-first' }],
  ['a quoted variable for a number', 'deploy: {replicas: "${N:-4}"}', { replicas: 4 }],
  ['a number in quotes', 'scale: "2"\npids_limit: ${N:-100}', { replicas: 2, resources: { ...NO_LIMITS, pids: 100 } }],
  [
    'a truth value in quotes',
    'init: "true"\ntty: ${N:-True}\nread_only: no',
    { init: true, tty: true, readOnly: false },
  ],
  [
    'the words of a value from a variable',
    'environment:\n  A: ${N:-null}\n  B: ${N:-1.10}',
    { environment: { A: 'null', B: '1.10' } },
  ],
  [
    'texts that a variable leaves empty',
    'user: ${N:-}\nhostname: "${N:-}"\nrestart: ${N:-}\nplatform: ${N:-}\nnetwork_mode: ${N:-}\ndns: ["${N:-}", 1.1.1.1]\ncommand: ${N:-}',
    {
      user: null,
      hostname: null,
      restart: { name: 'unless-stopped', maxAttempts: 0 },
      networkMode: 'app',
      dns: ['1.1.1.1'],
      command: [],
    },
  ],
  [
    'image pull policy',
    'pull_policy: always',
    { image: { reference: 'r/web:1', digest: null, pull: 'always', platform: null } },
  ],
  [
    'ingress short',
    'x-longshore: {ingress: "A.org/api:80", health: {tcp: 80}}',
    { ingress: [{ host: 'a.org', path: '/api', port: 80, tls: 'auto', weight: 1, stripPrefix: false }] },
  ],
  [
    'ingress list',
    'x-longshore: {ingress: [{port: 80}, {host: a.org, path: /b/, port: 81, tls: off, weight: 3, strip_prefix: true, shared: true}, {port: 82, path: /c, shared: false}], health: {tcp: 80}}',
    {
      ingress: [
        { host: '*', path: '/', port: 80, tls: 'off', weight: 1, stripPrefix: false },
        { host: 'a.org', path: '/b', port: 81, tls: 'off', weight: 3, stripPrefix: true, shared: true },
        { host: '*', path: '/c', port: 82, tls: 'off', weight: 1, stripPrefix: false },
      ],
    },
  ],
  [
    'gate',
    'x-longshore: {min_healthy_time: 0s, healthy_deadline: 20s, progress_deadline: 1m}',
    { gate: { minHealthyMs: 0, healthyDeadlineMs: 20_000, progressDeadlineMs: 60_000 } },
  ],
  [
    'privileges pass here; the agent has the policy',
    'privileged: true\nvolumes: ["/var/run/docker.sock:/var/run/docker.sock"]\npid: host',
    { privileged: true, pidMode: 'host' },
  ],
];

t.test('readService: every key, short and long', (t) => {
  for (const [title, lines, expected] of CASES) {
    const spec = web(lines);
    for (const key of Object.keys(expected) as (keyof ServiceSpec)[])
      t.strictSame(spec[key], expected[key], `${title}: ${key}`);
  }
  t.end();
});

t.test('readService: what is not said has its default', (t) => {
  const spec = webOf('');
  t.strictSame(spec, {
    image: { reference: 'r/web:1', digest: null, pull: 'if-missing', platform: null },
    command: null,
    entrypoint: null,
    environment: {},
    labels: {},
    ports: [],
    expose: [],
    mounts: [],
    secrets: [],
    configs: [],
    dependsOn: {},
    aliases: [],
    networkMode: 'app',
    probe: {
      check: { kind: 'image' },
      intervalMs: 10_000,
      timeoutMs: 5000,
      retries: 3,
      startPeriodMs: 0,
      startIntervalMs: 100,
    },
    gate: { minHealthyMs: 5000, healthyDeadlineMs: 300_000, progressDeadlineMs: 600_000 },
    restart: { name: 'unless-stopped', maxAttempts: 0 },
    stopGraceMs: 10_000,
    stopSignal: null,
    user: null,
    workingDir: null,
    hostname: null,
    domainname: null,
    readOnly: false,
    privileged: false,
    init: false,
    tty: false,
    stdinOpen: false,
    capAdd: [],
    capDrop: [],
    groupAdd: [],
    securityOpt: [],
    ulimits: [],
    sysctls: {},
    extraHosts: [],
    dns: [],
    devices: [],
    shmBytes: null,
    pidMode: null,
    ipcMode: null,
    logging: null,
    resources: { cpus: null, memoryBytes: null, memoryReservationBytes: null, pids: null },
    replicas: null,
    constraints: [],
    order: 'start-first',
    ingress: [],
    metadata: 'deny',
  });
  t.end();
});
