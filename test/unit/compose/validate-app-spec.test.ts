/** The rules on a resolved app that came from anywhere: what no reader has checked before. */
import t from 'tap';
import { validateAppSpec } from '../../../compose/validate-app-spec.ts';
import { findCircle } from '../../../compose/rules/dependency-rules.ts';
import type { AppSpec, ServiceSpec } from '../../../fleet/app-spec.ts';
import { specOf, webFile, webOf } from '../../support/app-file.ts';

const good = specOf(webFile('init: true'));
const web = webOf('init: true');

const withWeb = (change: Partial<ServiceSpec>): AppSpec => ({ ...good, services: { web: { ...web, ...change } } });

t.test('validateAppSpec: a good app has no findings', (t) => {
  t.strictSame(validateAppSpec(good), []);
  t.end();
});

t.test('validateAppSpec: each rule, with the path in the words of the file', (t) => {
  const route = { host: 'a.org', path: '/', port: 80, tls: 'auto', weight: 1, stripPrefix: false } as const;
  const cases: readonly (readonly [AppSpec, string, RegExp])[] = [
    [{ ...good, name: 'No' as AppSpec['name'] }, 'name', /not a valid name for an app/],
    [{ ...good, services: {} }, 'services', /no service/],
    [{ ...good, services: { 'a b': web } }, 'services["a b"]', /not a valid name for a service/],
    [withWeb({ image: { ...web.image, reference: 'A b' } }), 'services.web.image', /not an image reference/],
    [withWeb({ stopGraceMs: 3.6e14 }), 'services.web.stopGraceMs', /at most 24d/],
    [{ ...good, rollout: { ...good.rollout, deadlineMs: 3e9 } }, 'rollout.deadlineMs', /at most 24d/],
    [{ ...good, recreateVolumes: ['web:/data', 'data'] }, 'volumes', /no volume "data" to recreate/],
    [withWeb({ dependsOn: { db: 'started' } }), 'services.web.depends_on.db', /no service "db"/],
    [withWeb({ dependsOn: { web: 'started' } }), 'services.web.depends_on', /web -> web/],
    [
      withWeb({ dependsOn: { toString: 'started' as never } }),
      'services.web.depends_on.toString',
      /no service "toString"/,
    ],
    [
      withWeb({ ports: [{ container: 0, host: null, hostIp: null, protocol: 'tcp' }] }),
      'services.web.ports[0]',
      /1 to 65535/,
    ],
    [
      withWeb({ mounts: [{ kind: 'bind', source: 'x', target: '/x', readOnly: true, createSource: true }] }),
      'services.web.volumes[0]',
      /not an absolute path/,
    ],
    [
      withWeb({ mounts: [{ kind: 'tmpfs', target: '/', sizeBytes: null, mode: null }] }),
      'services.web.volumes[0]',
      /over "\/"/,
    ],
    [withWeb({ labels: { 'longshore.app': 'x' } }), 'services.web.labels["longshore.app"]', /ours/],
    [withWeb({ aliases: ['a b'] }), 'services.web.networks', /alias/],
    [
      withWeb({ constraints: [{ attribute: 'role', operator: '==', value: 'x' }] }),
      'services.web.deploy.placement.constraints[0]',
      /no attribute "role"/,
    ],
    [withWeb({ ingress: [{ ...route, host: 'A.org' }] }), 'services.web.x-longshore.ingress[0]', /not a host name/],
    [withWeb({ ingress: [{ ...route, path: 'x' }] }), 'services.web.x-longshore.ingress[0]', /not a path/],
    [withWeb({ ingress: [{ ...route, stripPrefix: true }] }), 'services.web.x-longshore.ingress[0]', /strip_prefix/],
    [withWeb({ ingress: [route], networkMode: 'host' }), 'services.web.x-longshore.ingress', /does not reach/],
    [
      withWeb({ probe: { ...web.probe, check: { kind: 'tcp', port: 0 } } }),
      'services.web.x-longshore.health',
      /1 to 65535/,
    ],
    [
      withWeb({ probe: { ...web.probe, check: { kind: 'exec', command: [] } } }),
      'services.web.x-longshore.health',
      /empty/,
    ],
    [withWeb({ probe: { ...web.probe, retries: 0 } }), 'services.web.healthcheck', /more than 0/],
    [
      withWeb({ gate: { ...web.gate, progressDeadlineMs: 1 } }),
      'services.web.x-longshore.healthy_deadline',
      /progress_deadline/,
    ],
    [
      withWeb({ order: 'stop-first', stopGraceMs: good.rollout.deadlineMs }),
      'services.web.stop_grace_period',
      /progress_deadline, than x-longshore.rollout.deadline/,
    ],
    [{ ...good, rollout: { ...good.rollout, waves: [] } }, 'x-longshore.rollout.waves', /100%/],
    [
      { ...good, rollout: { ...good.rollout, maxFailureRatio: Number.NaN } },
      'x-longshore.rollout.max_failure_ratio',
      /0 to 1/,
    ],
    [
      { ...good, schedule: { cron: 'x', timeZone: 'UTC', splayMs: 0, window: null } },
      'x-longshore.schedule.cron',
      /not a cron/,
    ],
    [
      { ...good, schedule: { cron: '0 0 31 4 *', timeZone: 'UTC', splayMs: 0, window: null } },
      'x-longshore.schedule.cron',
      /never matches/,
    ],
    [
      { ...good, schedule: { cron: '0 * * * *', timeZone: 'No/Where', splayMs: 0, window: null } },
      'x-longshore.schedule.timezone',
      /not a time zone/,
    ],
  ];
  for (const [spec, path, message] of cases)
    t.match(validateAppSpec(spec), [{ path, message, line: null, column: null }], path);
  t.end();
});

t.test('findCircle: a long chain is walked without recursion', (t) => {
  const names = Array.from({ length: 20_000 }, (_, index) => `s${index}`);
  const chain = Object.fromEntries(
    names.map((name, index) => [
      name,
      { ...web, dependsOn: index === 0 ? {} : { [`s${index - 1}`]: 'started' as const } },
    ]),
  );
  t.equal(findCircle({ ...good, services: chain }), null);
  t.strictSame(findCircle({ ...good, services: { ...chain, s0: { ...web, dependsOn: { s1: 'started' } } } }), [
    's0',
    's1',
    's0',
  ]);
  t.end();
});
