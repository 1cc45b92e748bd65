import t from 'tap';
import { moments } from '../../../../scripts/bench/moments.ts';

const lines = [
  { text: 'Building ... 2 s', ms: 2_000 },
  { text: 'layer 1', ms: 2_500 },
  { text: 'digest: sha256:1', ms: 5_000 },
  { text: 'Building more', ms: 6_000 },
  { text: 'It answers.', ms: 9_500 },
];

t.test('each part lasts from the end of the one before to its own line', (t) => {
  t.strictSame(
    moments(lines, [
      { name: 'build', until: /^Building/ },
      { name: 'push', until: /digest/ },
      { name: 'deploy', until: /answers/ },
    ]),
    [
      ['build', 2],
      ['push', 3],
      ['deploy', 4.5],
    ],
  );
  t.end();
});

t.test('a line of an earlier part does not end a later one, and one that is missing is no figure', (t) => {
  t.strictSame(
    moments(lines, [
      { name: 'push', until: /digest/ },
      { name: 'more', until: /^Building/ },
    ]),
    [
      ['push', 5],
      ['more', 1],
    ],
  );
  t.equal(moments(lines, [{ name: 'never', until: /rolled back/ }]), null);
  t.end();
});
