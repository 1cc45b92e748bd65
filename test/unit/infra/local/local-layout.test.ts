import t from 'tap';
import { parse } from 'yaml';
import { parseAgentConfig } from '../../../../agent/config.ts';
import { parseConfigFile } from '../../../../agent/config/config-file.ts';
import { settingsOfEnvironment, settingsOfFlags } from '../../../../agent/config/settings.ts';
import { layOutLocal, renderAgentConfig } from '../../../../infra/local/local-layout.ts';

const local = { hosts: 3, coordinatorPort: 7480, registryPort: 5480, ingressPort: 8480 };

t.test('layOutLocal: hosts have names, ports and networks of their own', (t) => {
  const { hosts, registry } = layOutLocal('shop', { ...local, hosts: 50 });

  for (const key of ['name', 'container', 'volume', 'ingressPort', 'subnetPool'] as const)
    t.equal(new Set(hosts.map((host) => host[key])).size, 50, key);
  const pieces = hosts.map(({ subnetPool }) => Number(/^10\.(?:22[4-9]|23\d)\.(\d+)\.0\/22$/.exec(subnetPool)?.[1]));
  t.ok(
    pieces.every((piece) => piece % 4 === 0 && piece < 252),
    'whole pieces below that of the registry',
  );
  t.match(registry.subnet, /^10\.2[23]\d\.255\.0\/28$/);
  t.end();
});

t.test('layOutLocal: one host more moves none of the others; another fleet shares no name', (t) => {
  t.same(layOutLocal('shop', { ...local, hosts: 4 }).hosts.slice(0, 3), layOutLocal('shop', local).hosts);
  const names = (fleet: string): readonly string[] =>
    layOutLocal(fleet, local).hosts.flatMap(({ container, volume }) => [container, volume]);
  t.same(
    names('shop').filter((name) => names('depot').includes(name)),
    [],
  );
  t.end();
});

t.test('renderAgentConfig: the agent takes it', async (t) => {
  const layout = layOutLocal('shop', local);
  const [host] = layout.hosts;
  if (host === undefined) throw new Error('no host');
  const text = renderAgentConfig(host, layout);
  const config = parseAgentConfig({
    file: { path: 'agent.yaml', parsed: await parseConfigFile(text) },
    environment: settingsOfEnvironment({}),
    flags: settingsOfFlags([]),
    hostname: 'machine',
  });

  t.match(config, { name: 'host-1', coordinators: ['ws://127.0.0.1:7480'], httpListen: null });
  t.match(parse(text), { ingress: { http_port: 8480, https_port: null, bind: ['127.0.0.1'] } });
  t.end();
});
