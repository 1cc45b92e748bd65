import t from 'tap';
import { LinePrefixer } from '../../../../agent/streams/line-prefixer.ts';
import { between, seededRandom, seeds } from '../../../support/random.ts';

t.test('LinePrefixer: a prefix on every line, nothing of an unfinished one', (t) => {
  const lines = new LinePrefixer('web-1');

  t.equal(lines.push(Buffer.from('a\nb\nc')).toString(), 'web-1 | a\nweb-1 | b\n');
  t.equal(lines.push(Buffer.from('d\n\n')).toString(), 'web-1 | cd\nweb-1 | \n');
  t.equal(lines.flush().toString(), '');
  lines.push(Buffer.from('rest'));
  t.equal(lines.flush().toString(), 'web-1 | rest\n');
  t.end();
});

t.test('LinePrefixer: however the output is cut, the lines are the same', (t) => {
  const text = 'first line\nsecond — with é and 漢字\n\nlast\n';
  const expected = text
    .split('\n')
    .slice(0, -1)
    .map((line) => `x | ${line}\n`)
    .join('');
  for (const seed of seeds(20)) {
    const random = seededRandom(seed);
    const lines = new LinePrefixer('x');
    const bytes = Buffer.from(text);
    const out: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      const end = at + between(random, 1, 7);
      out.push(lines.push(bytes.subarray(at, end)));
      at = end;
    }
    out.push(lines.flush());
    t.equal(Buffer.concat(out).toString(), expected, `seed ${seed}`);
  }
  t.end();
});

t.test('LinePrefixer: a line without an end is passed on in parts and not kept for ever', (t) => {
  const lines = new LinePrefixer('x');

  const out = lines.push(Buffer.alloc(20_000, 'y'));

  t.ok(out.length > 20_000);
  t.equal(lines.flush().length, 0);
  t.end();
});
