import t from 'tap';
import { HostProblems } from '../../../agent/host-problems.ts';
import { failingLine, weighed, withHostProblems } from '../../../agent/report/with-host-problems.ts';
import type { Assignment } from '../../../fleet/assignment.ts';
import { anAppReport, appName, hostId } from '../../support/app-builders.ts';
import { aRunEntry, ROUTE } from '../../support/agent-entries.ts';

function stage(): { readonly problems: HostProblems; readonly told: string[]; changes: number } {
  const told: string[] = [];
  const note = (text: string): void => void told.push(text);
  const log = { debug: note, info: note, warn: note, error: note };
  const result = { told, changes: 0 };
  const problems = new HostProblems({ log, onEvent: () => undefined, onChange: () => (result.changes += 1) });
  return Object.assign(result, { problems });
}

t.test('host problems: each is announced once, and its end once', (t) => {
  const { problems, told } = stage();
  problems.set('ingress', [{ failing: true, text: 'exit 1 at 10:00', key: 'UNAVAILABLE' }]);
  problems.set('ingress', [{ failing: true, text: 'exit 1 at 10:01', key: 'UNAVAILABLE' }]);
  t.same(told, ['ingress: exit 1 at 10:00']);
  t.same(problems.list(), [{ part: 'ingress', failing: true, text: 'exit 1 at 10:01' }]);
  problems.set('ingress', []);
  problems.set('ingress', []);
  t.same(told.slice(1), ['ingress: works again']);
  t.same(problems.list(), []);
  t.end();
});

t.test('host problems: what was not looked at yet is no news, and neither is its end', (t) => {
  const scene = stage();
  scene.problems.set('ingress', [{ failing: true, text: 'is starting', quiet: true }]);
  t.equal(scene.problems.list().length, 1);
  scene.problems.set('ingress', []);
  t.same(scene.told, []);
  t.equal(scene.changes, 2);
  t.end();
});

const assignment = (...routed: readonly string[]): Assignment => ({
  host: hostId(1),
  epoch: 1,
  generation: 1,
  entries: ['web', 'db'].map((app) =>
    aRunEntry({ app, services: { one: { version: 'a', ingress: routed.includes(app) ? ROUTE : [] } } }),
  ),
});

t.test('a failing ingress: apps with routes are not converged, others are', (t) => {
  const reports = {
    web: anAppReport({ app: appName('web'), converged: true }),
    db: anAppReport({ app: appName('db'), converged: true }),
  };
  const problems = [{ part: 'ingress', failing: true, text: 'port 80 is taken' }];
  t.match(withHostProblems(reports, problems, assignment('web')), {
    web: { converged: false, waiting: 'ingress: port 80 is taken' },
    db: { converged: true, waiting: null },
  });
  t.equal(failingLine(weighed(problems, assignment('web'))), 'ingress: port 80 is taken');
  t.equal(failingLine(weighed(problems, assignment())), null, 'without routes it is a warning');
  t.equal(withHostProblems(reports, [], assignment('web')), reports);
  t.end();
});
