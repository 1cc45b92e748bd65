import t from 'tap';
import { canonicalJson } from '../../../fleet/canonical-json.ts';

t.test('canonical JSON: one spelling, whatever the order of keys', (t) => {
  t.equal(canonicalJson({ b: 1, a: [{ d: null, c: 'x' }], e: undefined }), '{"a":[{"c":"x","d":null}],"b":1}');
  t.equal(canonicalJson({ a: [undefined, 1] }), '{"a":[null,1]}');
  t.equal(canonicalJson('é"\n'), JSON.stringify('é"\n'));
  t.same(JSON.parse(canonicalJson({ z: 1, Ä: { y: true } })), { z: 1, Ä: { y: true } });
  t.not(canonicalJson({ a: '1' }), canonicalJson({ a: 1 }));
  t.end();
});
