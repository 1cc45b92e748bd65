import t from 'tap';
import type { ServiceSpec } from '../../../fleet/app-spec.ts';
import type { RunEntry } from '../../../fleet/assignment.ts';
import { policyProblem } from '../../../fleet/host-policy.ts';
import { anAppSpec, appName, aService, deploymentId, specHash } from '../../support/app-builders.ts';

const guarded = {
  dockerSocket: '/var/run/docker.sock',
  dataDir: '/var/lib/longshore-agent',
  engineRoot: '/srv/docker',
};
const none = { privileged: false, hostNetwork: false, dockerSocket: false, guarded };
const all = { privileged: true, hostNetwork: true, dockerSocket: true, guarded };

function entry(service: Partial<ServiceSpec>, replicas = 1): RunEntry {
  return {
    kind: 'run',
    app: appName('shop'),
    release: 1,
    deployment: deploymentId(1),
    attempt: 1,
    spec: anAppSpec({ services: { web: aService(service) } }),
    hashes: { web: specHash('a') },
    replicas: { web: replicas },
    secretVersions: {},
    rollback: false,
    requires: [],
  };
}

const bind = (source: string): Partial<ServiceSpec> => ({
  mounts: [{ kind: 'bind', source, target: '/x', readOnly: true, createSource: false }],
});

t.test('policyProblem: an ordinary app needs no permission', (t) => {
  t.equal(policyProblem(none, entry({ capAdd: ['NET_BIND_SERVICE'], ...bind('/srv/data') })), null);
  t.end();
});

t.test('policyProblem: a named volume whose options name a path of the host counts as a bind mount', (t) => {
  const run = (driverOpts: Readonly<Record<string, string>>, readOnly = true): RunEntry => {
    const plain = entry({ mounts: [{ kind: 'volume', volume: 'data', target: '/x', readOnly }] });
    const data = { external: false, name: null, driver: 'local', driverOpts, labels: {} };
    return { ...plain, spec: { ...plain.spec, volumes: { data } } };
  };
  const bindTo = (device: string): Readonly<Record<string, string>> => ({ type: 'none', o: 'bind', device });
  const table: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [bindTo('/var/run'), /the volume data on \/var\/run \(it holds \/var\/run\/docker\.sock\)/],
    [bindTo('/'), /docker\.sock/],
    [bindTo('/var/lib/longshore-agent'), /longshore-agent/],
    [bindTo('/srv/docker/volumes'), /srv\/docker/],
    [{ type: 'overlay', device: 'overlay', o: 'lowerdir=/srv/a:/run,upperdir=/srv/b,workdir=/srv/c' }, /\/run/],
  ];
  for (const [options, pattern] of table) {
    t.match(policyProblem(none, run(options)), { code: 'POLICY_REFUSED', message: pattern });
    t.equal(policyProblem({ ...none, dockerSocket: true }, run(options)), null);
  }
  t.equal(policyProblem(none, run(bindTo('/srv/data'), false)), null, 'an ordinary folder is no danger');
  t.equal(policyProblem(none, run({ type: 'nfs', o: 'addr=10.0.0.9,rw', device: ':/exports/data' })), null);
  t.match(policyProblem(none, run({ type: 'ext4', device: '/dev/sda1' }, false)), { message: /\/dev\/sda1/ });
  t.end();
});

t.test('policyProblem: what the host runs may be read and not written', (t) => {
  const mount = (source: string, readOnly: boolean): RunEntry =>
    entry({ mounts: [{ kind: 'bind', source, target: '/x', readOnly, createSource: false }] });
  for (const source of ['/etc', '/etc/cron.d', '/root/.ssh', '/usr/local/bin', '/proc']) {
    t.match(policyProblem(none, mount(source, false)), { message: /writable .*mount it read-only/ }, source);
    t.equal(policyProblem(none, mount(source, true)), null, source);
    t.equal(policyProblem({ ...none, privileged: true }, mount(source, false)), null, source);
  }
  t.end();
});

t.test('policyProblem: what can become the host is refused, and allowed only by its own permission', (t) => {
  const table: readonly (readonly [Partial<ServiceSpec>, Exclude<keyof typeof none, 'guarded'>, RegExp])[] = [
    [{ privileged: true }, 'privileged', /privileged/],
    [{ capAdd: ['SYS_ADMIN'] }, 'privileged', /cap_add SYS_ADMIN/],
    [{ capAdd: ['CAP_SYS_PTRACE'] }, 'privileged', /CAP_SYS_PTRACE/],
    [{ capAdd: ['all'] }, 'privileged', /all/],
    [{ devices: ['/dev/sda'] }, 'privileged', /devices/],
    [{ pidMode: 'host' }, 'privileged', /pid: host/],
    [{ ipcMode: 'host' }, 'privileged', /ipc: host/],
    [{ pidMode: 'container:db' }, 'privileged', /pid: container:db/],
    [{ ipcMode: 'container:db' }, 'privileged', /ipc: container:db/],
    [{ securityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'] }, 'privileged', /SCMP_ACT_ALLOW/],
    [{ securityOpt: ['label=type:spc_t'] }, 'privileged', /spc_t/],
    [bind('/proc/1/root/run/docker.sock'), 'dockerSocket', /any path of the host/],
    [bind('/srv/../proc/self/root'), 'dockerSocket', /any path of the host/],
    [{ securityOpt: ['seccomp=unconfined'] }, 'privileged', /unconfined/],
    [{ networkMode: 'host' }, 'hostNetwork', /network_mode: host/],
    [bind('/var/run/docker.sock'), 'dockerSocket', /docker\.sock/],
    [bind('/run/docker.sock'), 'dockerSocket', /docker\.sock/],
    [bind('/var/run'), 'dockerSocket', /\/var\/run/],
    [bind('/'), 'dockerSocket', /mount \//],
    [bind('/srv/../run/./docker.sock'), 'dockerSocket', /docker\.sock/],
    [bind('/var/lib/longshore-agent/identity.json'), 'dockerSocket', /longshore-agent/],
    [bind('/var/lib'), 'dockerSocket', /longshore-agent/],
  ];
  for (const [service, permission, pattern] of table) {
    const found = policyProblem(none, entry(service));
    t.match(found, { code: 'POLICY_REFUSED', message: pattern }, JSON.stringify(service));
    t.match(found?.message, /run shop: .* web: /);
    t.equal(policyProblem({ ...none, [permission]: true }, entry(service)), null, `${permission} allows it`);
    t.not(policyProblem({ ...all, [permission]: false }, entry(service)), null, 'nothing else does');
  }
  t.end();
});

t.test('policyProblem: names that only begin alike are not refused', (t) => {
  t.equal(policyProblem(none, entry(bind('/var/lib/longshore-agent-data'))), null);
  t.equal(policyProblem(none, entry(bind('/var/runner'))), null);
  t.end();
});

t.test('policyProblem: a service that does not run here asks for nothing', (t) => {
  t.equal(policyProblem(none, entry({ privileged: true }, 0)), null);
  t.end();
});
