import t from 'tap';
import { decodeAgentMessage, decodeCoordinatorMessage, encode } from '../../../protocol/codec.ts';
import { FRAME_LIMIT_BYTES, chooseVersion } from '../../../protocol/version.ts';

t.test('decode: what was encoded comes back', (t) => {
  const message = { kind: 'due', app: 'shop', scheduledAt: 5 };

  t.match(decodeAgentMessage(JSON.stringify(message)), { kind: 'message', message });
  t.match(decodeCoordinatorMessage(encode({ kind: 'heartbeat' })), { kind: 'message', message: { kind: 'heartbeat' } });
  t.end();
});

t.test('decode: unknown keys are ignored, unknown kinds are named (a newer side must not break us)', (t) => {
  t.match(decodeAgentMessage('{"kind":"heartbeat","mood":"good"}'), { kind: 'message' });
  t.same(decodeAgentMessage('{"kind":"dance"}'), { kind: 'unsupported', of: 'dance' });
  t.same(decodeAgentMessage(`{"kind":"${'x'.repeat(500)}"}`), { kind: 'unsupported', of: 'x'.repeat(64) });
  t.end();
});

t.test('decode: no JSON, no kind, a wrong form and a frame too large are values, never exceptions', (t) => {
  const frames = [
    '',
    '{',
    'null',
    '[]',
    '{"kind":7}',
    '{"kind":"due"}',
    '{"kind":"due","app":"NOT OK","scheduledAt":1}',
    'x'.repeat(FRAME_LIMIT_BYTES + 1),
  ];

  for (const frame of frames)
    t.match(decodeAgentMessage(frame), { kind: 'invalid', problem: { code: 'FRAME_INVALID' } }, frame.slice(0, 40));
  t.end();
});

t.test('decode: a problem with a code of a newer side keeps its message', (t) => {
  const frame = JSON.stringify({
    kind: 'refused',
    retryAfterMs: null,
    problem: { code: 'MOON_MISSING', message: 'no moon', hint: 'wait', details: [] },
  });

  t.match(decodeCoordinatorMessage(frame), { message: { problem: { code: 'INTERNAL', message: 'no moon' } } });
  t.end();
});

t.test('chooseVersion: the highest in common, or none', (t) => {
  t.equal(chooseVersion({ min: 1, max: 3 }, { min: 2, max: 5 }), 3);
  t.equal(chooseVersion({ min: 1, max: 1 }, { min: 2, max: 5 }), null);
  t.equal(chooseVersion({ min: 2, max: 2 }, { min: 2, max: 2 }), 2);
  t.end();
});
