import t from 'tap';
import { acceptKey, answerFrames } from '../../../../scripts/bench/app/websocket-echo.ts';

const mask = [1, 2, 3, 4];

function clientFrame(opcode: number, text: string): Buffer {
  const payload = [...Buffer.from(text)].map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return Buffer.from([0x80 | opcode, 0x80 | payload.length, ...mask, ...payload]);
}

t.test('the handshake is answered as RFC 6455 shows it', (t) => {
  t.equal(acceptKey('dGhlIHNhbXBsZSBub25jZQ=='), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  t.end();
});

t.test('text comes back, a ping is answered, half a frame waits', (t) => {
  const received = Buffer.concat([
    clientFrame(1, 'hello'),
    clientFrame(9, 'p'),
    clientFrame(1, 'later').subarray(0, 8),
  ]);
  const answered = answerFrames(received);
  t.same(answered?.write, Buffer.from([0x81, 5, ...Buffer.from('hello'), 0x8a, 1, ...Buffer.from('p')]));
  t.equal(answered?.rest.length, 8);
  t.end();
});

t.test('a close and a long message end the connection', (t) => {
  t.equal(answerFrames(clientFrame(8, '')), null);
  t.equal(answerFrames(Buffer.from([0x81, 0x80 | 126, 0, 200, 0, 0, 0, 0])), null);
  t.end();
});
