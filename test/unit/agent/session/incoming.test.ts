import t from 'tap';
import { FRAME_LIMIT_BYTES } from '../../../../protocol/version.ts';
import { MOST_INVALID_FRAMES, readFrame } from '../../../../agent/session/incoming.ts';

t.test('readFrame: a message of the protocol passes, also with keys that this agent does not know', (t) => {
  t.same(readFrame('{"kind":"heartbeat","later":1}', 0), { kind: 'message', message: { kind: 'heartbeat' } });
  t.end();
});

t.test('readFrame: an unknown kind is answered', (t) => {
  t.match(readFrame('{"kind":"teleport"}', 0), {
    kind: 'answer',
    answer: { kind: 'unsupported', of: 'teleport' },
    problem: null,
  });
  t.end();
});

t.test('readFrame: an assignment that does not parse is refused by its number and the connection goes on', (t) => {
  const text = JSON.stringify({
    kind: 'assignment',
    hash: 'x',
    assignment: { epoch: 2, generation: 7, host: 'h-1', entries: [] },
  });

  t.match(readFrame(text, 0), {
    kind: 'answer',
    answer: { kind: 'assignment-refused', epoch: 2, generation: 7, problem: { code: 'FRAME_INVALID' } },
  });
  t.end();
});

t.test('readFrame: other damage is told and the connection goes on', (t) => {
  for (const text of [
    '{"kind":"welcome"}',
    '{"kind":"assignment","assignment":{"epoch":-1,"generation":"x"}}',
    '{"kind":"assignment"}',
  ]) {
    t.match(readFrame(text, 0), { kind: 'answer', answer: null, problem: { code: 'FRAME_INVALID' } }, text);
  }
  t.end();
});

t.test('readFrame: what is no message at all ends the connection', (t) => {
  for (const text of ['', 'hello', '[]', 'null', '42', '{"no":"kind"}', `"${'x'.repeat(FRAME_LIMIT_BYTES)}"`]) {
    t.equal(readFrame(text, 0).kind, 'close', text.slice(0, 20));
  }
  t.end();
});

t.test('readFrame: a row of damage ends the connection', (t) => {
  t.equal(readFrame('{"kind":"welcome"}', MOST_INVALID_FRAMES - 2).kind, 'answer');
  t.equal(readFrame('{"kind":"welcome"}', MOST_INVALID_FRAMES - 1).kind, 'close');
  t.end();
});
