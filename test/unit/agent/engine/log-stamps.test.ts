import t from 'tap';
import { LogStamps, secondsAfter } from '../../../../agent/engine/log-stamps.ts';
import { FrameParser } from '../../../../agent/engine/stream-frames.ts';

const moment = (second: number): string => `2026-01-02T03:04:0${second}.123456789Z`;

function frame(fd: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = fd;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

function pieces(whole: Buffer, size: number): readonly Buffer[] {
  return Array.from({ length: Math.ceil(whole.length / size) }, (_, at) => whole.subarray(at * size, (at + 1) * size));
}

t.test('LogStamps: each frame loses its moment, wherever the chunks cut; the newest is kept', async (t) => {
  const whole = Buffer.concat([
    frame(1, `${moment(1)} one\n`),
    frame(2, `${moment(3)} ${moment(9)} said by the app\n`),
    frame(1, `${moment(2)} `),
    frame(1, 'no moment at all, and more than one would be\n'),
    frame(1, '12\n'),
  ]);
  for (let size = 1; size <= whole.length; size += 1) {
    const parser = new FrameParser();
    const stamps = new LogStamps(false);
    const text = pieces(whole, size)
      .flatMap((chunk) => parser.push(chunk))
      .map((piece) => Buffer.from(stamps.take(piece)).toString())
      .join('');
    t.equal(text, `one\n${moment(9)} said by the app\nno moment at all, and more than one would be\n12\n`, `${size}`);
    t.equal(stamps.newest, moment(3));
  }
});

t.test('LogStamps: with a terminal each line has one, and each part of a line that the engine cut', async (t) => {
  const part = 'x'.repeat(16 * 1024);
  const whole = Buffer.from(
    `${moment(1)} one\r\n${moment(2)} ${part}${moment(2)} ${part}${moment(2)} y\r\n2026-01 is no moment\n${moment(3)} end`,
  );
  for (const size of [1, 7, 29, 30, 31, 32, 4_096, whole.length]) {
    const stamps = new LogStamps(true);
    const text = pieces(whole, size)
      .map((data) => Buffer.from(stamps.take({ fd: 1, data, isStart: false })).toString())
      .join('');
    t.ok(text === `one\r\n${part}${part}y\r\n2026-01 is no moment\nend`, `chunks of ${size}`);
    t.equal(stamps.newest, moment(3));
  }
});

t.test('secondsAfter: the next nanosecond', async (t) => {
  t.equal(secondsAfter('1970-01-01T00:00:05.000000009Z'), '5.000000010');
  t.equal(secondsAfter('2026-01-02T03:04:05.999999999Z'), `${Date.UTC(2026, 0, 2, 3, 4, 6) / 1000}.000000000`);
});
