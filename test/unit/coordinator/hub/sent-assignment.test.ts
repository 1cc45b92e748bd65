import t from 'tap';
import { SentAssignment } from '../../../../coordinator/hub/sent-assignment.ts';
import { refusalForApp } from '../../../../coordinator/refusal-for-app.ts';
import type { Assignment } from '../../../../fleet/assignment.ts';
import { problem } from '../../../../fleet/errors.ts';
import { aRunEntry } from '../../../support/agent-entries.ts';
import { appName, deploymentId, hostId } from '../../../support/app-builders.ts';

const an = (generation: number, ...entries: Assignment['entries']): Assignment => ({
  host: hostId(1),
  epoch: 1,
  generation,
  entries,
});
const order = (generation: number) => ({ epoch: 1, generation });
const web = (attempt: number) =>
  aRunEntry({ app: 'web', services: { web: { version: 'a' } }, deployment: deploymentId(1), attempt });
const other = aRunEntry({ app: 'other', services: { web: { version: 'a' } }, deployment: deploymentId(2), attempt: 1 });
const full = problem('NO_SPACE', 'keep assignment: the disk is full');

t.test('SentAssignment: a refusal says what was asked beyond what the agent had taken', (t) => {
  const sent = new SentAssignment();
  sent.sent(an(1, web(1), other));
  sent.taken(order(1));
  sent.sent(an(2, web(2), other));

  t.match(sent.refused(order(2), full), {
    order: order(2),
    asked: { web: { kind: 'run', attempt: 2 }, other: undefined },
    isSentAgain: true,
  });
  sent.sent(an(3, { kind: 'remove', app: appName('web'), volumes: false }, other));
  t.same(sent.refused(order(3), problem('CAPABILITY_MISSING', 'no'))?.asked, { web: { kind: 'remove' } });
  t.equal(sent.refusals, 2);
  sent.taken(order(3));
  t.equal(sent.refusals, 0);
  t.end();
});

t.test('SentAssignment: what was left out concerns its own apps alone', (t) => {
  const sent = new SentAssignment();
  sent.sent(an(1, other));
  const refusal = sent.leftOut(order(1), [web(1)], problem('TOO_LARGE', 'assign web to host a: too large'));
  sent.taken(order(1));

  t.match(refusal, { order: order(1), asked: { web: { kind: 'run', attempt: 1 } }, isSentAgain: false });
  t.equal(refusalForApp(refusal, appName('web')), refusal);
  t.equal(refusalForApp(refusal, appName('other')), null);
  t.ok(sent.hasTaken(other));
  t.notOk(sent.hasTaken(web(1)));
  t.end();
});

t.test('SentAssignment: only the answer to the newest counts', (t) => {
  const sent = new SentAssignment();
  t.equal(sent.refused(order(1), full), null, 'nothing was sent');
  sent.sent(an(1, web(1)));
  sent.sent(an(2, web(2)));

  t.equal(sent.refused(order(1), full), null);
  sent.taken(order(1));
  t.same(Object.keys(sent.refused(order(2), full)?.asked ?? {}), ['web']);
  t.end();
});

t.test('SentAssignment: data that do not fit together answer no attempt, and are not sent again', (t) => {
  const sent = new SentAssignment();
  sent.sent(an(1, web(1)));
  t.match(sent.refused(order(1), problem('GENERATION_CONFLICT', 'another content')), { asked: {}, isSentAgain: false });
  t.end();
});
