import t from 'tap';
import { LongshoreError } from '../../../../fleet/errors.ts';
import { BatchWriter } from '../../../../coordinator/hub/batch-writer.ts';

t.test('BatchWriter: what comes together, or while a write is under way, is one write', async (t) => {
  const writes: (readonly number[])[] = [];
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const writer = new BatchWriter<number>({
    most: 100,
    onFault: (error) => t.fail(String(error)),
    write: async (items) => {
      writes.push(items);
      if (writes.length === 1) await held;
    },
  });
  writer.add(1);
  writer.add(2);
  await Promise.resolve();
  await Promise.resolve();
  writer.add(3);
  writer.add(4);
  release();
  await writer.stop();
  t.same(writes, [
    [1, 2],
    [3, 4],
  ]);
});

t.test('BatchWriter: what is refused for good is left out', async (t) => {
  const faults: unknown[] = [];
  const writes: (readonly number[])[] = [];
  const writer = new BatchWriter<number>({
    most: 100,
    onFault: (error) => faults.push(error),
    write: async (items) => {
      writes.push(items);
      throw new LongshoreError('NOT_FOUND', 'no such host');
    },
  });
  writer.add(1);
  await writer.stop();
  t.same(writes, [[1]]);
  t.equal(faults.length, 1);
});

t.test('BatchWriter: what may work later is kept, and tried once more at the end', async (t) => {
  const writes: (readonly number[])[] = [];
  const writer = new BatchWriter<number>({
    most: 100,
    onFault: () => undefined,
    write: async (items) => {
      writes.push(items);
      if (writes.length === 1) throw new LongshoreError('INTERNAL', 'the disk does not answer');
    },
  });
  writer.add(1);
  await writer.stop();
  t.same(writes, [[1], [1]]);
});

t.test('BatchWriter: past its limit the oldest go', async (t) => {
  const written: number[] = [];
  const writer = new BatchWriter<number>({
    most: 2,
    onFault: () => undefined,
    write: async (items) => void written.push(...items),
  });
  for (const item of [1, 2, 3]) writer.add(item);
  await writer.stop();
  t.same(written, [2, 3]);
});
