import t from 'tap';
import { createReport } from '../../../../compose/source/report.ts';
import { MAX_FILE_CHARACTERS, parseYaml } from '../../../../compose/source/yaml-source.ts';
import type { Tree } from '../../../../compose/source/tree.ts';

function parse(text: string) {
  const report = createReport();
  const tree = parseYaml({ file: 'f.yaml', base: '.', text }, report);
  return { value: tree === null ? null : plain(tree), tree, errors: report.errors() };
}

function plain(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value;
  if (tree.kind === 'list') return tree.items.map(plain);
  return Object.fromEntries([...tree.entries].map(([key, entry]) => [key, plain(entry.value)]));
}

t.test('parseYaml: values by the core schema, texts as written', (t) => {
  const { value, errors } = parse(
    'a: 1\nb: "1"\nc: yes\nd: true\ne: ~\nf:\ng: 1.10\nh: 0440\ni: !!str 5\nj: |\n  x\n  y\n',
  );
  t.strictSame(errors, []);
  t.strictSame(value, { a: 1, b: '1', c: 'yes', d: true, e: null, f: null, g: 1.1, h: 440, i: '5', j: 'x\ny\n' });
  t.end();
});

t.test('parseYaml: anchors, aliases and merge keys', (t) => {
  const text = 'x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz:\n  <<: [*x, *y]\n  a: 9\nw: [*x]\n"<<": text\n';
  t.strictSame(parse(text).value, {
    x: { a: 1, b: 2 },
    y: { b: 3, c: 4 },
    z: { a: 9, b: 2, c: 4 },
    w: [{ a: 1, b: 2 }],
    '<<': 'text',
  });
  t.end();
});

t.test('parseYaml: each mistake with line and column', (t) => {
  const cases: readonly (readonly [string, number, number, RegExp])[] = [
    ['a:\n\tb: 1\n', 2, 1, /tab/],
    ['a:\n  b: 1\n  b: 2\n', 3, 3, /"b" is there twice, first in line 2/],
    ['a: *none\n', 1, 4, /no anchor &none/],
    ['a: &a [*a]\n', 1, 8, /inside its own anchor/],
    ['a: [1\n', 2, 1, /./],
    ['a: !secret x\n', 1, 12, /tag !secret is not known/],
    ['a: 1\n---\nb: 2\n', 2, 1, /several -f files/],
    ['', 1, 1, /empty/],
    ['# only a comment\n', 1, 1, /empty/],
    ['{[1]: 2}\n', 1, 2, /a key must be/],
    [': x\n', 1, 1, /key is missing/],
    ['<<: 5\n', 1, 1, /takes a map/],
  ];
  for (const [text, line, column, message] of cases) {
    const { errors, tree } = parse(text);
    t.equal(tree, null, text);
    t.match(errors[0], { line, column, message, path: /^f\.yaml/ }, text);
  }
  t.end();
});

t.test('parseYaml: hostile files are refused quickly and without copying', (t) => {
  const laughs = 'b c d e f g h i j k l'.split(' ').map((name, index) => {
    const before = 'abcdefghijk'[index] ?? '';
    return `${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(',')}]`;
  });
  const hostile: readonly (readonly [string, string])[] = [
    ['10 MB of aliases', `a: &a x\nb: [${'*a,'.repeat(3_400_000)}]`],
    ['aliases of aliases', `a: &a [x,x,x,x,x,x,x,x,x]\n${laughs.join('\n')}`],
    ['deep lists', '['.repeat(MAX_FILE_CHARACTERS - 1)],
    ['deep dashes', '- '.repeat(100_000)],
    ['many mistakes', 'a: [1\nb: }\n- c\n'.repeat(8000)],
  ];
  for (const [title, text] of hostile) {
    const before = process.memoryUsage().heapUsed;
    const started = process.cpuUsage();
    const { tree, errors } = parse(text);
    const used = process.cpuUsage(started);
    t.equal(tree, null, title);
    t.ok(errors.length >= 1 && errors.length <= 101, `${title}: ${errors.length} problems`);
    t.ok((used.user + used.system) / 1e6 < 10, `${title}: quick`);
    t.ok(process.memoryUsage().heapUsed - before < 300e6, `${title}: bounded memory`);
  }
  t.end();
});
