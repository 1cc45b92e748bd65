import t from 'tap';
import { changeLines, renderProgress } from '../../../cli/progress/progress-lines.ts';
import { problem } from '../../../fleet/errors.ts';
import type { DeploymentView } from '../../../protocol/http-api/views.ts';
import { displayWidth } from '../../../protocol/text/table.ts';
import { aDeploymentView, aHostId, aStepView } from '../../support/views.ts';

const steps = [
  aStepView({ state: 'passed' }),
  aStepView({ host: aHostId(2), name: 'quay-2', wave: 1, state: 'moving', doing: 'pulling web 3/7 layers' }),
];

t.test('renderProgress: a bar per wave and a line per host', (t) => {
  const lines = renderProgress(aDeploymentView({ steps, waves: 2, wave: 1 }), 12_000, { color: false, columns: 80 });

  t.match(lines[0], /shop deploy to release 2: rolling \(12 s\)/);
  t.match(lines[1], /wave 1\/2 \[=+\] 1\/1/);
  t.match(lines[3], /wave 2\/2 \[ +\] 0\/1/);
  t.match(lines[4], /quay-2 +moving +pulling web 3\/7 layers/);
  t.end();
});

t.test('renderProgress: no line is wider than the terminal, with and without colour', (t) => {
  const long = aStepView({ state: 'failed', problem: problem('NEVER_HEALTHY', 'x'.repeat(300)) });
  for (const color of [false, true]) {
    const widths = renderProgress(aDeploymentView({ steps: [long] }), 0, { color, columns: 60 }).map((line) =>
      displayWidth(line),
    );
    t.ok(Math.max(...widths) <= 60);
  }
  t.end();
});

t.test('changeLines: a queued deployment has no hosts yet, and says no zeros', (t) => {
  const queued = aDeploymentView({ steps: [], waves: 0, state: 'queued' });

  const lines = changeLines(null, queued);
  t.match(lines, [/to release 2$/, 'queued: waits for its turn']);
  t.end();
});

t.test('changeLines: what was cancelled with --rollback counts the hosts that went back', (t) => {
  const returned = aStepView({ state: 'returned' });
  const cancelled = aDeploymentView({ steps: [returned], state: 'cancelled' });

  t.match(changeLines(null, cancelled).at(-1), /^cancelled: 1 of 1 host returned/);
  t.end();
});

t.test('changeLines: the last output of an instance is left to the message at the end', (t) => {
  const failed = aStepView({ state: 'returned', problem: problem('NEVER_HEALTHY', 'web/1: 503; last output:\nboom') });

  t.match(changeLines(null, aDeploymentView({ steps: [failed] }))[1], /503$/);
  t.end();
});

t.test('of thousands of hosts: a line for each tenth of a wave, and one for each host that fails', (t) => {
  const view = (passed: number, failed: number): DeploymentView =>
    aDeploymentView({
      steps: [
        aStepView({ state: 'moving' }),
        ...Array.from({ length: failed }, () => aStepView({ host: aHostId(2), name: 'quay-2', state: 'failed' })),
      ],
      counts: [
        { wave: 0, state: 'failed', hosts: failed },
        { wave: 0, state: 'moving', hosts: 1_000 - passed - failed },
        { wave: 0, state: 'passed', hosts: passed },
      ],
    });

  t.match(changeLines(null, view(0, 0)), [/1000 hosts in 1 wave$/, /^rolling/]);
  t.same(changeLines(view(0, 0), view(99, 0)), []);
  t.same(changeLines(view(99, 0), view(99, 1)), ['quay-2: failed', 'wave 1 of 1: 1 failed, 900 moving, 99 passed']);
  const lines = renderProgress(view(500, 1), 0, { color: false, columns: 100 });
  t.match(lines[1], /wave 1\/1 \[=+ +\] 500\/1000/);
  t.equal(lines.at(-1), '    1000 hosts: 1 failed, 499 moving, 500 passed');
  t.end();
});

t.test('changeLines: a line per change and none where nothing changed', (t) => {
  const before = aDeploymentView({ steps: [aStepView({ state: 'moving' })] });
  const after = aDeploymentView({ steps: [aStepView({ state: 'passed' })], state: 'succeeded' });

  t.match(changeLines(null, before), [/to release 2, 1 host in 1 wave$/, 'quay-1: moving', /^rolling/]);
  t.same(changeLines(before, before), []);
  t.match(changeLines(before, after), ['quay-1: passed', 'succeeded: 1 of 1 host passed, wave 1 of 1']);
  t.end();
});

t.test('what runs once before the first wave has a line of its own, which changes with it', (t) => {
  const once: NonNullable<DeploymentView['once']> = {
    host: aHostId(1),
    name: 'quay-1',
    services: ['migrate'],
    attempt: 2,
    state: 'running',
    doing: 'migrate/1 has to complete',
    changedAt: 0,
  };
  const waiting = [aStepView({ state: 'waiting', attempt: 0 })];
  const running = aDeploymentView({ steps: waiting, wave: -1, once });
  const line = 'once, before the first wave: migrate runs on quay-1: migrate/1 has to complete';
  t.equal(renderProgress(running, 0, { color: false, columns: 100 })[1], `  ${line}`);
  t.ok(changeLines(null, running).includes(line));
  t.equal(changeLines(null, running).at(-1), 'rolling: 0 of 1 host passed, before the first wave');
  t.same(changeLines(running, running), []);
  const done = aDeploymentView({ ...running, once: { ...once, state: 'passed', doing: null } });
  t.same(changeLines(running, done), ['once, before the first wave: migrate completed on quay-1']);
  const failed = aDeploymentView({ ...running, state: 'failed', once: { ...once, state: 'failed', doing: null } });
  t.match(changeLines(running, failed)[0], /migrate failed on quay-1/);
  t.end();
});
