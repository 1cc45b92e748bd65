import t from 'tap';
import { FrameParser, streamPieces } from '../../../../agent/engine/stream-frames.ts';

function frame(fd: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = fd;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

async function* chunks(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function collect(source: AsyncIterable<{ fd: 1 | 2; data: Uint8Array }>): Promise<{ 1: string; 2: string }> {
  const text = { 1: '', 2: '' };
  for await (const { fd, data } of source) text[fd] += Buffer.from(data).toString();
  return text;
}

t.test('streamPieces: the two outputs are told apart, wherever the chunks cut', async (t) => {
  const whole = Buffer.concat([frame(1, 'hello '), frame(2, 'oh no'), frame(1, ''), frame(1, 'world')]);

  for (let size = 1; size <= whole.length; size += 1) {
    const parts: Buffer[] = [];
    for (let at = 0; at < whole.length; at += size) parts.push(whole.subarray(at, at + size));
    t.same(await collect(streamPieces(chunks(...parts), false)), { 1: 'hello world', 2: 'oh no' }, `chunks of ${size}`);
  }
});

t.test('streamPieces: with a terminal everything is output 1', async (t) => {
  t.same(await collect(streamPieces(chunks(Buffer.from('plain')), true)), { 1: 'plain', 2: '' });
});

t.test('FrameParser: a large frame is passed on piece by piece', (t) => {
  const parser = new FrameParser();
  const whole = frame(2, 'x'.repeat(100));

  t.equal(parser.push(whole.subarray(0, 58))[0]?.data.length, 50);
  t.equal(parser.push(whole.subarray(58))[0]?.data.length, 50);
  t.end();
});
