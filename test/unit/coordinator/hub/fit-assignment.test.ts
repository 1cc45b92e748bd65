import t from 'tap';
import { fitAssignment } from '../../../../coordinator/hub/fit-assignment.ts';
import type { AssignmentEntry, RunEntry } from '../../../../fleet/assignment.ts';
import { jsonBytes } from '../../../../protocol/fit-report.ts';
import { aRunEntry } from '../../../support/agent-entries.ts';
import { appName, hostId } from '../../../support/app-builders.ts';

function entryOf(app: string, configBytes: number): RunEntry {
  const entry = aRunEntry({ app, services: { web: { version: 'a' } } });
  return { ...entry, spec: { ...entry.spec, configs: { big: { content: 'x'.repeat(configBytes) } } } };
}

const assignmentOf = (...entries: AssignmentEntry[]): Parameters<typeof fitAssignment>[0] => ({
  host: hostId(1),
  epoch: 1,
  generation: 7,
  entries,
});
const nothing = (): boolean => false;

t.test('fitAssignment: what fits is sent as it is', (t) => {
  const assignment = assignmentOf(entryOf('web', 10), entryOf('db', 10));
  t.same(fitAssignment(assignment, 100_000, nothing), { assignment, leftOut: [] });
  t.end();
});

t.test('fitAssignment: an app that is too large is left out, the others and removals are sent', (t) => {
  const [web, db] = [entryOf('web', 10), entryOf('db', 200_000)];
  const remove = { kind: 'remove', app: appName('old'), volumes: false } as const;

  const fitted = fitAssignment(assignmentOf(web, db, remove), 100_000, nothing);

  t.same(fitted.assignment.entries, [web, remove]);
  t.match(fitted.leftOut, [{ entry: { app: 'db' } }]);
  t.ok((fitted.leftOut[0]?.bytes ?? 0) > 200_000);
  t.ok(jsonBytes(fitted.assignment) <= 100_000);
  t.end();
});

t.test('fitAssignment: what the host runs already stays, what is new gives way', (t) => {
  const [old, added] = [entryOf('old', 60_000), entryOf('added', 50_000)];

  const fitted = fitAssignment(assignmentOf(old, added), 100_000, (entry) => entry.app === 'old');

  t.same(fitted.assignment.entries, [old]);
  t.same(
    fitted.leftOut.map(({ entry }) => entry.app),
    ['added'],
  );
  t.end();
});
