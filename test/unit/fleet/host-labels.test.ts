import t from 'tap';
import {
  areLabelsFew,
  isHostName,
  isLabelKey,
  isLabelValue,
  LABEL_LIMITS,
  onlyLabels,
} from '../../../fleet/host-labels.ts';

t.test('isHostName: what stands in lists and paths, and is no id', (t) => {
  for (const name of ['quay-1', 'a', 'Web.example_2', 'x'.repeat(63)]) t.ok(isHostName(name), name);
  for (const name of ['', '-a', 'a b', 'a\n', '\u001b[2J', 'é', 'x'.repeat(64), 'h-0123456789abcdef', 'a/b'])
    t.notOk(isHostName(name), name);
  t.end();
});

t.test('labels: keys are names, values are one line of text that is seen', (t) => {
  t.ok(isLabelKey('topology.example/zone'));
  for (const key of ['', '__proto__', 'a b', 'a=b', 'x'.repeat(64)]) t.notOk(isLabelKey(key), key);
  for (const value of ['', 'eu-west 4', 'größer', 'x'.repeat(LABEL_LIMITS.value)]) t.ok(isLabelValue(value), value);
  for (const value of ['a\nb', '\u001b]52;', '\u009b', '\u202etxt', 'x'.repeat(LABEL_LIMITS.value + 1)])
    t.notOk(isLabelValue(value), value);
  t.end();
});

t.test('labels: of one host there are few', (t) => {
  const labels = (count: number, length: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`l${index}`, 'x'.repeat(length)]));

  t.ok(areLabelsFew(labels(64, 100)));
  t.notOk(areLabelsFew(labels(65, 1)));
  t.notOk(areLabelsFew(labels(64, 200)), '8 KiB together');
  t.ok(areLabelsFew({ a: null }));
  t.equal(Object.keys(onlyLabels(labels(300_000, 1))).length, 64);
  t.same(onlyLabels({ disk: 'ssd', 'a b': 'x', tier: 'a\nb', n: 7 }), { disk: 'ssd' });
  t.end();
});
