/** What a file may hold, and that what is past a bound is refused with its place before it is spelled out. */
import t from 'tap';
import { mistakesOf, shown, specOf, webFile } from '../../support/app-file.ts';

const many = (count: number, line: (n: number) => string, between = '\n'): string =>
  Array.from({ length: count }, (_, n) => line(n)).join(between);

const CASES: readonly (readonly [title: string, text: string, expected: RegExp])[] = [
  ['ports', webFile('ports: ["1-65535:1-65535"]'), /^services\.web\.ports\[0\] 4:13 makes more than 20000 ports/],
  ['wide ranges', webFile(`expose: [${many(2000, () => '"1-10000"', ', ')}]`), /expose\[2\] .*more than 20000 ports/],
  ['unknown keys', webFile(many(2000, (n) => `key${n}: 1`)), /^services\.web\.key0 4:5 unknown key "key0"/],
  [
    'merged maps',
    `x-a: &a {${many(1000, (n) => `k${n}: 1`, ', ')}}\nx-b: [${many(1000, () => '{<<: *a}', ', ')}]`,
    /more than 100000 values/,
  ],
  [
    'services that extend a large one',
    `services:\n  base:\n    image: a\n    labels:\n${many(400, (n) => `      l${n}: v`)}\n${many(400, (n) => `  s${n}: {extends: base, labels: [a=b]}`)}`,
    /aliases and "extends" make this stand for \d+ values; at most 100000 are read/,
  ],
  [
    'words that are nearly right',
    webFile(
      `volumes: [${many(1000, (n) => `"wolume${n}:/x${n}"`, ', ')}]`,
      `volumes:\n${many(1000, (n) => `  volume${n}:`)}`,
    ),
    /the volume "wolume0" is not declared under "volumes" \(did you mean "volume0"\?\)/,
  ],
  [
    'host ports taken twice',
    `${webFile(`ports: [${many(1500, (n) => `"${n + 1}:1"`, ', ')}]`)}  b:\n    image: b\n    ports: [${many(1500, (n) => `"${n + 1}:1"`, ', ')}]`,
    /^services\.b\.ports\[0\] .*the host port 1 is taken by service "web"/,
  ],
  ['variables that are not set', webFile(`user: "${'$A'.repeat(20_000)}"`), /the variable A is not set/],
];

t.test('loadAppFile: past a bound', (t) => {
  for (const [title, text, expected] of CASES) t.match(shown(mistakesOf(text))[0], expected, title);
  t.end();
});

t.test('loadAppFile: env files that would grow without end', (t) => {
  const of = (env: string, text = webFile('env_file: a.env')): readonly string[] =>
    shown(mistakesOf(text, { more: { 'a.env': env } }));
  const doubling = `A0=abc\n${many(60, (n) => `A${n + 1}=$A${n}$A${n}`)}`;
  t.match(of(doubling)[0], /^a\.env: A\d+ 2\d:1 variables make the file longer than 4194304 characters/);
  t.match(of(`A=b${' '.repeat(1024 * 1024)}c`), [
    /^a\.env 1:1 the file has 1048580 characters; at most 1048576 are read/,
  ]);
  t.match(
    of(
      many(1000, (n) => `K${n}=v`),
      `services:\n${many(1000, (n) => `  s${n}: {image: a, env_file: a.env}`)}`,
    ),
    [/^a\.env 1:1 the env files of all services give more than 1048576 characters together/],
  );
  const blanks = ' '.repeat(200_000);
  const spec = specOf(webFile('env_file: a.env'), { more: { 'a.env': `A=b${blanks}c\n${blanks}\nB="x"${blanks}` } });
  t.strictSame(spec.services.web?.environment, { A: `b${blanks}c`, B: 'x' }, 'blanks inside a line');
  t.end();
});

t.test('loadAppFile: which host ports clash', (t) => {
  const clashes = (a: string, b: string): boolean =>
    mistakesOf(`services: {a: {image: a, ports: ["${a}:1"]}, b: {image: b, ports: ["${b}:1"]}}`).length > 0;
  t.equal(clashes('80', '80'), true);
  t.equal(clashes('80', '81'), false);
  t.equal(clashes('127.0.0.1:80', '80'), true);
  t.equal(clashes('80', '127.0.0.1:80'), true);
  t.equal(clashes('127.0.0.1:80', '127.0.0.2:80'), false);
  t.equal(clashes('127.0.0.1:80', '127.0.0.1:80'), true);
  t.equal(clashes('0.0.0.0:80', '127.0.0.2:80'), true);
  t.end();
});
