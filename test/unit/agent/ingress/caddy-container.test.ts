import t from 'tap';
import { proxyContainerBody } from '../../../../agent/engine/proxy-container-body.ts';
import { caddyContainer, type CaddyContainerInputs } from '../../../../agent/ingress/caddy-container.ts';
import type { HostId } from '../../../../fleet/ids.ts';

const inputs: CaddyContainerInputs = {
  host: 'h-0123456789abcdef' as HostId,
  dataDir: '/d',
  image: 'caddy:2',
  user: null,
  shared: '/d/shared',
  hosts: '/d/hosts',
  storage: '/d/storage',
  runFolderOf: (hash) => `/d/run/${hash}`,
  graceMs: 10_000,
};

t.test('caddyContainer: another image or folder is another container, another grace time is not', (t) => {
  const { hash } = caddyContainer(inputs);

  t.match(hash, /^[0-9a-f]{8}$/);
  t.equal(caddyContainer({ ...inputs, graceMs: 60_000 }).hash, hash);
  t.not(caddyContainer({ ...inputs, image: 'caddy:2.11' }).hash, hash);
  t.not(caddyContainer({ ...inputs, storage: '/d/other' }).hash, hash);
  t.end();
});

t.test("proxyContainerBody: the host's network, few rights, back after a reboot, found by its labels", (t) => {
  const plan = caddyContainer({ ...inputs, user: '1000:1000' });
  const body = proxyContainerBody(plan);

  t.match(body, {
    name: 'longshore-h-0123456789abcdef-ingress',
    Image: 'caddy:2',
    Cmd: ['caddy', 'run', '--config', '/longshore/shared/caddy.json'],
    User: '1000:1000',
    Labels: { 'longshore.host': 'h-0123456789abcdef', 'longshore.ingress': plan.hash },
    StopTimeout: 15,
  });
  t.match(body.HostConfig, {
    NetworkMode: 'host',
    RestartPolicy: { Name: 'unless-stopped' },
    ReadonlyRootfs: true,
    CapDrop: ['ALL'],
    CapAdd: ['NET_BIND_SERVICE'],
    DnsOptions: ['timeout:1', 'attempts:1'],
  });
  t.same(body.HostConfig.Binds, [
    '/d/shared:/longshore/shared:ro',
    '/d/hosts:/etc/hosts:ro',
    '/d/storage:/data',
    `/d/run/${plan.hash}:/longshore/run`,
  ]);
  t.end();
});
