import t from 'tap';
import { problem } from '../../../../fleet/errors.ts';
import { renderCause } from '../../../../protocol/text/cause.ts';
import { renderApps, renderEvent } from '../../../../protocol/text/apps.ts';
import { plainJson, plainText } from '../../../../protocol/text/plain-text.ts';
import { renderDeployment, renderPlan } from '../../../../protocol/text/deployments.ts';
import { renderExplain, renderHosts } from '../../../../protocol/text/hosts.ts';
import { renderProblem } from '../../../../protocol/text/problem.ts';
import { renderTable } from '../../../../protocol/text/table.ts';
import { renderAgo, renderBytes, renderDuration } from '../../../../protocol/text/time.ts';
import { instanceRows, renderInstances } from '../../../../protocol/text/instances.ts';
import { anAppReport, anInstanceReport, appName } from '../../../support/app-builders.ts';
import { aDeploymentView, aHostId, aHostView, anEventView, aStepView } from '../../../support/views.ts';

t.test('renderTable: aligns columns and ignores colour codes', (t) => {
  t.equal(
    renderTable(
      ['A', 'B'],
      [
        ['long', 'x'],
        ['\u001b[31mr\u001b[0m', 'y'],
      ],
    ),
    'A     B\nlong  x\n\u001b[31mr\u001b[0m     y',
  );
  t.end();
});

t.test('renderDuration, renderAgo, renderBytes: the unit that says enough', (t) => {
  t.same([5, 1_500, 65_000, 600_000, 7_200_000, 400_000_000].map(renderDuration), [
    '5 ms',
    '1.5 s',
    '65 s',
    '10 min',
    '2 h',
    '5 d',
  ]);
  t.equal(renderAgo(null, 5), 'never');
  t.equal(renderAgo(10_000, 4_000), 'in 6.0 s');
  t.same([0, 1_023, 1_536, 5 * 1024 ** 3].map(renderBytes), ['0 B', '1023 B', '1.5 KiB', '5.0 GiB']);
  t.end();
});

t.test('instanceRows: by app, service, host and replica; an instance from the future has just started', (t) => {
  const shop = appName('shop');
  const later = anInstanceReport({ replica: 2, startedAt: 9_000 });
  const first = anInstanceReport({ completed: true, state: 'exited', startedAt: 1_000 });
  const report = anAppReport({ app: shop, instances: [later, first] });
  const rows = instanceRows([aHostView({ apps: [{ app: shop, target: 1, report }] })], []);

  t.match(rows, [
    { service: 'web', replica: 1, state: 'completed', image: null },
    { service: 'web', replica: 2, host: 'quay-1' },
  ]);
  t.match(renderInstances(rows, 8_000), /web\.1 .*completed +- +0 +-\n.*web\.2 .*healthy +0 ms +0 +-$/);
  t.same(instanceRows([aHostView()], []), []);
  t.same(instanceRows([aHostView({ apps: [{ app: shop, target: 1, report }] })], [], 'other'), []);
  t.end();
});

t.test('renderCause: says who or what', (t) => {
  t.equal(renderCause({ kind: 'person', token: 'ada', note: 'hotfix' }), 'ada: hotfix');
  t.equal(renderCause({ kind: 'schedule', detail: '@hourly' }), 'schedule: @hourly');
  t.end();
});

t.test('renderProblem: message, every detail with its place, and the hint', (t) => {
  const text = renderProblem(
    problem('APP_FILE_INVALID', 'read compose.yaml', {
      details: [{ path: 'services.web', message: 'has no image', line: 3, column: 5 }],
    }),
  );

  t.match(text, /APP_FILE_INVALID: read compose.yaml/);
  t.match(text, /services\.web \(line 3, column 5\): has no image/);
  t.match(text, /hint: /);
  t.end();
});

t.test('renderEvent: further lines of a text are indented, so that each event is seen to begin', (t) => {
  const event = {
    number: 1,
    at: 0,
    occurredAt: null,
    kind: 'deployment.failed',
    app: null,
    host: null,
    deployment: null,
    cause: { kind: 'coordinator', detail: 'rollout' } as const,
    text: 'it ended:\nError: no port\n  at main\n',
  };
  t.equal(
    renderEvent(event),
    '1970-01-01T00:00:00Z  deployment.failed  it ended:  (coordinator: rollout)\n    Error: no port\n      at main',
  );
  t.end();
});

t.test('renderEvent: what a host told late says when it happened', (t) => {
  const late = anEventView({ at: 14_400_000, occurredAt: 0, text: 'back to release 2' });
  t.match(renderEvent(late), /^1970-01-01T04:00:00Z .*back to release 2 {2}\(.*, at 1970-01-01T00:00:00Z\)$/);
  t.notMatch(renderEvent({ ...late, occurredAt: 14_399_000 }), /, at /);
  t.end();
});

t.test('plainText: the output of a container cannot drive the terminal of who reads it', (t) => {
  t.equal(plainText('\u001b[2J\u001b[31mred\u001b[0m\u0007'), 'red');
  t.equal(plainText('a\u001b]52;c;ZWNobw==\u0007b'), 'ab', 'the clipboard is not reached');
  t.equal(plainText('one\r\ntwo\tthree\u0008\u009b'), 'one\ntwo\tthree');
  t.match(renderProblem(problem('NEVER_HEALTHY', 'it said \u001b[8mhidden')), /it said hidden/);
  t.end();
});

t.test('plainJson: says the same, and holds nothing that a terminal acts on', (t) => {
  const data = { name: 'a\u001b[2J\u009b\u202eb\u2028', list: ['\u007f'] };

  t.equal(plainJson(data), '{"name":"a\\u001b[2J\\u009b\\u202eb\\u2028","list":["\\u007f"]}');
  t.same(JSON.parse(plainJson(data, 2)), data);
  t.end();
});

t.test('renderTable: a cell never begins a line of its own', (t) => {
  t.equal(renderTable(['A', 'B'], [['x\ny', '1']]), 'A    B\nx y  1');
  t.end();
});

t.test('renderHosts: connected and converged are two columns', (t) => {
  const text = renderHosts(
    [aHostView({ connected: false, lastSeenAt: 0, converged: false, waiting: 'pulling web' })],
    60_000,
  );

  t.match(text, /CONNECTED +CONVERGED/);
  t.match(text, /no \(60 s ago\) +no .*pulling web/);
  t.match(renderHosts([aHostView({ availability: 'paused' })], 0), /cordoned/, 'by the word of the verb');
  t.match(renderHosts([], 0), /enroll-token/);
  t.end();
});

t.test('renderExplain: sentence, since, next', (t) => {
  const text = renderExplain(
    { host: 'a', sentence: 'a waits for the registry.', since: 0, next: 'pulls again', nextAt: 5_000 },
    1_000,
  );

  t.equal(text, 'a waits for the registry.\nSince 1970-01-01T00:00:00Z (1.0 s ago).\nNext: pulls again (in 4.0 s).');
  const sentence = renderExplain({ host: 'a', sentence: 'b', since: null, next: 'It goes on.', nextAt: null }, 0);
  t.equal(sentence, 'b\nNext: It goes on.', 'a sentence that has its full stop gets no second one');
  t.end();
});

t.test('renderDeployment: a line per host, and the reason of a failure', (t) => {
  const failed = aStepView({ state: 'failed', problem: problem('NEVER_HEALTHY', 'web on quay-1: 503') });
  const text = renderDeployment(
    aDeploymentView({
      state: 'rolled_back',
      steps: [failed],
      problem: problem('DEPLOYMENT_ROLLED_BACK', 'release 2 failed on quay-1'),
    }),
    0,
  );

  t.match(text, /quay-1 .*failed .*NEVER_HEALTHY: web on quay-1: 503/);
  t.match(text, /DEPLOYMENT_ROLLED_BACK/);
  t.end();
});

t.test('renderDeployment: of many hosts the counts by wave, and where the others are listed', (t) => {
  const failed = aStepView({ state: 'failed', wave: 1 });
  const view = aDeploymentView({
    waves: 2,
    wave: 1,
    steps: [failed],
    counts: [
      { wave: 0, state: 'passed', hosts: 1 },
      { wave: 1, state: 'failed', hosts: 1 },
      { wave: 1, state: 'moving', hosts: 2_598 },
    ],
  });

  const text = renderDeployment(view, 0);

  t.match(text, /rolling, 1 of 2600 hosts passed, wave 2 of 2\n/);
  t.match(text, /wave 1: 1 passed\n {2}wave 2: 1 failed, 2598 moving\n/);
  t.match(text, new RegExp(`and 2599 more hosts: .longshore status ${view.id} --all`));
  t.notMatch(renderDeployment({ ...view, steps: [] }, 0), /more hosts/, 'a list shows no host');
  t.end();
});

t.test('renderApps: a mixed fleet shows, by name where few hosts differ', (t) => {
  const app = {
    app: 'shop' as never,
    release: 1,
    hosts: 6,
    converged: 6,
    healthy: true,
    deployment: null,
    urls: [],
    schedule: null,
    quarantined: [],
  };
  const running = [
    { release: 1, hosts: 4, names: [] },
    { release: 2, hosts: 2, names: ['b', 'c'] },
  ];
  t.match(renderApps([{ ...app, running }]), /shop +1 \(2 on b, c\) +6\/6/);
  const many = [{ release: 2, hosts: 30, names: ['a', 'b'] }];
  t.match(renderApps([{ ...app, running: many }]), /shop +1 \(2 on 30 hosts\)/);
  t.match(renderApps([{ ...app, running: [{ release: 1, hosts: 6, names: [] }] }]), /shop +1 +6\/6/);
  t.end();
});

t.test('renderApps: the URLs stand alone; what keeps updates away stands with the schedule', (t) => {
  const row = (kind: 'failed' | 'held', schedule: string | null) => {
    const app = { app: 'shop' as never, release: 1, running: [], hosts: 1, converged: 1, healthy: true };
    const quarantined = [{ kind, service: 'web', digest: `sha256:${'a'.repeat(64)}` as never, reason: 'x', since: 0 }];
    const text = renderApps([{ ...app, deployment: null, urls: ['https://shop.test/'], schedule, quarantined }]);
    return text.split('\n').at(-1)?.split(/ {2,}/).slice(-2);
  };
  t.same(row('failed', '0 * * * *'), ['0 * * * *; 1 quarantined', 'https://shop.test/']);
  t.same(row('held', '0 * * * *'), ['0 * * * *; held after a rollback', 'https://shop.test/']);
  t.same(row('held', null), ['off', 'https://shop.test/']);
  t.end();
});

t.test('renderPlan: says what is replaced and because of which key, and counts', (t) => {
  const text = renderPlan({
    app: 'shop' as never,
    base: 1,
    images: {
      web: { reference: `shop/web:1@sha256:${'a'.repeat(64)}`, digest: `sha256:${'a'.repeat(64)}` as never },
    },
    secretVersions: {},
    hosts: [
      {
        host: aHostId(),
        name: 'quay-1',
        connected: true,
        changes: [
          { service: 'web', replica: 1, action: 'replace', because: ['image', 'environment.MODE'] },
          { service: 'db', replica: 1, action: 'keep', because: [] },
        ],
      },
    ],
    waves: [['quay-1']],
    warnings: ['db is not rolled back'],
    changed: true,
    hash: 'x',
  });

  t.match(text, /replace web\.1 +because of image, environment\.MODE/);
  t.match(text, new RegExp(`image web: shop/web:1@sha256:${'a'.repeat(64)}\\n`), 'one digest');
  t.match(text, /warning: db is not rolled back/);
  t.match(text, /Plan: 0 to create, 1 to replace, 0 to remove, 1 left alone\./);
  t.end();
});
