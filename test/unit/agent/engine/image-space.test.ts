import t from 'tap';
import { inWords, isAmple, missingLayers, neededBytes } from '../../../../agent/engine/image-space.ts';

const MIB = 1024 ** 2;
const layer = (diffId: string | null, bytes = MIB) => ({ bytes, diffId });

t.test('neededBytes: unpacked layers and a margin; the containerd store keeps the packed ones too', (t) => {
  t.equal(neededBytes([], false), 256 * MIB);
  t.equal(neededBytes([layer(null), layer(null)], false), 262 * MIB);
  t.equal(neededBytes([layer(null), layer(null)], true), 264 * MIB);
  t.end();
});

t.test('missingLayers: what lies over the longest common beginning', (t) => {
  const layers = [layer('a'), layer('b'), layer('c')];

  t.same(missingLayers(layers, []), layers);
  t.same(missingLayers(layers, [['a'], ['a', 'b', 'x']]), [layer('c')]);
  t.same(missingLayers(layers, [['b', 'c']]), layers, 'the same layer over another one is not shared');
  t.same(missingLayers(layers, [['a', 'b', 'c', 'd']]), []);
  t.same(missingLayers([layer(null)], [['a']]), [layer(null)], 'unknown is not shared');
  t.end();
});

t.test('isAmple: the registry is asked only where it could matter', (t) => {
  t.notOk(isAmple(39 * 1024 * MIB));
  t.ok(isAmple(40 * 1024 * MIB));
  t.end();
});

t.test('inWords: for a message', (t) => {
  t.equal(inWords(1536 * MIB), '1.5 GiB');
  t.equal(inWords(12 * MIB), '12 MiB');
  t.end();
});
