import t from 'tap';
import {
  ingressConflicts,
  portConflicts,
  portRefusal,
  portWarnings,
  type Occupant,
} from '../../../../coordinator/placement/port-conflicts.ts';
import type { Placement } from '../../../../coordinator/store/records.ts';
import type { AppSpec, PortSpec } from '../../../../fleet/app-spec.ts';
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

const refused = (spec: AppSpec, at: Placement, occupants: readonly Occupant[]) =>
  portRefusal(spec.name, portConflicts(spec, at, occupants, names));

t.test('portRefusal: names the port, the app that has it and the host', (t) => {
  t.match(refused(publishing('blog', port()), placement, [occupant(1, port())]), {
    code: 'PORT_IN_USE',
    message: 'place blog: shop (web) publishes port 8080/tcp on quay-1 already',
    details: [{ path: 'services.web.ports' }],
  });
  t.end();
});

t.test('portRefusal: only where both would have it', (t) => {
  const isRefused = (mine: PortSpec, theirs: PortSpec, replicas = 1): boolean =>
    refused(publishing('blog', mine), placement, [occupant(replicas, theirs)]) !== null;
  t.equal(isRefused(port(), port({ host: 8081 })), false, 'another port');
  t.equal(isRefused(port(), port({ protocol: 'udp' })), false, 'another protocol');
  t.equal(isRefused(port({ host: null }), port({ host: null })), false, 'ports that Docker chooses');
  t.equal(isRefused(port({ hostIp: '10.0.0.1' }), port({ hostIp: '10.0.0.2' })), false, 'other addresses');
  t.equal(isRefused(port({ hostIp: '10.0.0.1' }), port({ hostIp: '0.0.0.0' })), true, 'one has every address');
  t.equal(isRefused(port(), port(), 0), false, 'a service that does not run there');
  const away = { [hostId(2)]: { web: 1 } };
  t.equal(refused(publishing('blog', port()), away, [occupant(1, port())]), null, 'another host');
  t.end();
});

t.test('portConflicts: one that is there already is a warning, and only on its own host and port', (t) => {
  const blog = publishing('blog', port());
  const running = (host: number, ...ports: readonly PortSpec[]): Occupant => ({
    app: blog.name,
    host: hostId(host),
    spec: publishing('blog', ...ports),
    replicas: { web: 1 },
  });
  const found = portConflicts(blog, placement, [occupant(1, port()), running(1, port())], names);
  t.equal(portRefusal(blog.name, found), null);
  t.match(portWarnings(found), [/^shop \(web\) publishes port 8080\/tcp on quay-1 already: one of the two/]);
  for (const elsewhere of [running(2, port()), running(1, port({ host: 9090 }))])
    t.match(refused(blog, placement, [occupant(1, port()), elsewhere]), { code: 'PORT_IN_USE' });
  t.same(portConflicts(blog, placement, [running(1, port())], names), [], 'its own ports are free to it');
  t.end();
});

t.test('ingressConflicts: a port of the host ingress is refused, where that is certain', (t) => {
  const live =
    (ingress: { http: number | null; https: number | null } | null, connected = true) =>
    () => ({
      connected,
      ingress,
    });
  const on80 = publishing('blog', port({ host: 80 }));
  const at = { [hostId(1)]: { web: 1 } };
  const found = ingressConflicts(on80, at, [], names, live({ http: 80, https: 443 }));
  t.match(portRefusal(on80.name, found), {
    code: 'PORT_IN_USE',
    message: 'place blog: the ingress of quay-1 listens on port 80/tcp, which web publishes',
    details: [{ path: 'services.web.ports' }],
  });

  const conflicts = (spec: AppSpec, ...rest: Parameters<typeof live>) =>
    ingressConflicts(spec, at, [], names, live(...rest));
  t.same(conflicts(on80, { http: 8000, https: 443 }), [], 'another port');
  t.same(conflicts(on80, null), [], 'no ingress');
  t.same(conflicts(on80, { http: 80, https: null }, false), [], 'a host that is away');
  t.same(conflicts(publishing('blog', port({ host: 443, protocol: 'udp' })), { http: 80, https: 443 }), [], 'udp');

  const onAddress = conflicts(publishing('blog', port({ host: 80, hostIp: '10.0.0.1' })), { http: 80, https: null });
  t.equal(portRefusal(on80.name, onAddress), null, 'the ingress may have another address');
  t.match(portWarnings(onAddress), [/listens on port 80\/tcp.*if both use the same address/]);
  const running = { app: on80.name, host: hostId(1), spec: on80, replicas: { web: 1 } };
  const both = ingressConflicts(on80, at, [running], names, live({ http: 80, https: 443 }));
  t.equal(portRefusal(on80.name, both), null, 'it runs so already');
  t.end();
});
