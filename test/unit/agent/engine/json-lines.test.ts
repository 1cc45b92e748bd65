import t from 'tap';
import { jsonLines } from '../../../../agent/engine/json-lines.ts';

async function* chunks(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function read(parts: readonly Uint8Array[]): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of jsonLines(chunks(parts))) values.push(value);
  return values;
}

t.test('jsonLines: values come whole, wherever the chunks cut, also inside of a character', async (t) => {
  const whole = Buffer.from('{"a":"é"}\r\n\r\n{"b":2}\n{"c":3}');

  for (const size of [1, 2, 3, 7, whole.length]) {
    const parts: Buffer[] = [];
    for (let at = 0; at < whole.length; at += size) parts.push(whole.subarray(at, at + size));
    t.same(await read(parts), [{ a: 'é' }, { b: 2 }, { c: 3 }], `chunks of ${size}`);
  }
});

t.test('jsonLines: what is not JSON is an error', async (t) => {
  await t.rejects(read([Buffer.from('{"a":1}\nnope\n')]), SyntaxError);
});
