import t from 'tap';
import { portRefusal, type Occupant } from '../../../../coordinator/placement/port-conflicts.ts';
import type { PortSpec } from '../../../../fleet/app-spec.ts';
import { anAppSpec, appName, aService, hostId } from '../../../support/app-builders.ts';

const port = (fields: Partial<PortSpec> = {}): PortSpec => ({
  container: 80,
  host: 8080,
  hostIp: null,
  protocol: 'tcp',
  ...fields,
});
const publishing = (name: string, ...ports: readonly PortSpec[]) =>
  anAppSpec({ name: appName(name), services: { web: aService({ ports }) } });
const occupant = (replicas: number, ...ports: readonly PortSpec[]): Occupant => ({
  app: appName('shop'),
  host: hostId(1),
  spec: publishing('shop', ...ports),
  replicas: { web: replicas },
});
const placement = { [hostId(1)]: { web: 1 }, [hostId(2)]: { web: 1 } };
const names = new Map([[hostId(1), 'quay-1']]);

t.test('portRefusal: names the port, the app that has it and the host', (t) => {
  t.match(portRefusal(publishing('blog', port()), placement, [occupant(1, port())], names), {
    code: 'PORT_IN_USE',
    message: 'place blog: shop (web) publishes port 8080/tcp on quay-1 already',
    details: [{ path: 'services.web.ports' }],
  });
  t.end();
});

t.test('portRefusal: only where both would have it', (t) => {
  const isRefused = (mine: PortSpec, theirs: PortSpec, replicas = 1): boolean =>
    portRefusal(publishing('blog', mine), placement, [occupant(replicas, theirs)], names) !== null;
  t.equal(isRefused(port(), port({ host: 8081 })), false, 'another port');
  t.equal(isRefused(port(), port({ protocol: 'udp' })), false, 'another protocol');
  t.equal(isRefused(port({ host: null }), port({ host: null })), false, 'ports that Docker chooses');
  t.equal(isRefused(port({ hostIp: '10.0.0.1' }), port({ hostIp: '10.0.0.2' })), false, 'other addresses');
  t.equal(isRefused(port({ hostIp: '10.0.0.1' }), port({ hostIp: '0.0.0.0' })), true, 'one has every address');
  t.equal(isRefused(port(), port(), 0), false, 'a service that does not run there');
  const away = { [hostId(2)]: { web: 1 } };
  t.equal(portRefusal(publishing('blog', port()), away, [occupant(1, port())], names), null, 'another host');
  t.end();
});
