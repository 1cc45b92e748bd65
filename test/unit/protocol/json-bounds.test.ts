import t from 'tap';
import { beyondBounds, PROVEN_BOUNDS, UNPROVEN_BOUNDS } from '../../../protocol/json-bounds.ts';

const bounds = { bytes: 100, depth: 2, parts: 6 };

t.test('beyondBounds: size, depth and number of parts', (t) => {
  t.equal(beyondBounds('{"a":[1,2]}', bounds), null);
  t.match(beyondBounds(' '.repeat(101), bounds), /larger/);
  t.match(beyondBounds('[[[', bounds), /nested more than 2 deep/);
  t.match(beyondBounds('[1,2,3,4,5,6,7,8]', bounds), /more than 6 keys and values/);
  t.equal(beyondBounds('[[],[],[]]', bounds), null, 'beside one another is not deep');
  t.end();
});

t.test('beyondBounds: what stands in a text does not count, whatever is escaped there', (t) => {
  for (const text of ['[[[', ',,,,,,,,', '"[[[', '\\', '\\"[[[', 'a\\\\"[[['])
    t.equal(beyondBounds(JSON.stringify([text]), bounds), null, text);
  t.match(beyondBounds('["a\\\\",[[', bounds), /deep/, 'the text ends before its second quote');
  t.equal(beyondBounds('["never ends [[[', bounds), null);
  t.end();
});

t.test('beyondBounds: the deepest text takes no recursion', (t) => {
  t.match(beyondBounds('['.repeat(1_900_000), PROVEN_BOUNDS), /deep/);
  t.match(beyondBounds('['.repeat(16_000), UNPROVEN_BOUNDS), /deep/);
  t.end();
});
