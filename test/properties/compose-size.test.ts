/**
 * Large files cost time in proportion to their size. Every input here is about as large as a file may be, so that work
 * that grows with the square of it takes minutes instead of milliseconds and shows itself without a clock.
 */
import t from 'tap';
import { SERVICE_KEYS } from '../../compose/keys/service-keys.ts';
import { MAX_PROBLEMS } from '../../compose/source/report.ts';
import { loadText } from '../support/app-file.ts';
import { between, pick, type Random, seededRandom, seeds } from '../support/random.ts';

const CHARACTERS = 60_000;

const READ_KEYS = Object.entries(SERVICE_KEYS).flatMap(([key, rule]) => (rule === 'read' ? [key] : [])) as [
  string,
  ...string[],
];

const PLACES = [
  'x-longshore: {ingress: {port: 80, host: @}}',
  'x-longshore: {ingress: {port: 80, path: @}}',
  'x-longshore: {ingress: @}',
  'x-longshore: {health: {http: @}}',
  'deploy: {placement: {constraints: [@]}}',
  'build: {context: @, args: [@]}',
  'healthcheck: {test: @, interval: @}',
  'volumes: [{type: bind, source: @, target: /a}]',
] as const;

const RUNS = [
  ' ',
  '1',
  'a',
  '/',
  ':',
  '.',
  '-',
  ',',
  '=',
  '$$',
  '$A',
  '${A:-',
  '@',
  '_',
  '[',
  'a.',
  'a-',
  '1s',
  'a/',
  '* ',
] as const;
const ENDS = ['', 'x', '!', '/', '==x', '\\n'] as const;

/** One long text of the same characters, at one place of a service. */
function longText(random: Random): string {
  const run = pick(random, RUNS);
  const text = `"${pick(random, ['', 'a', 'a == b', '/'])}${run.repeat(CHARACTERS / run.length / 2)}${pick(random, ENDS)}"`;
  const key = pick(random, READ_KEYS);
  const place = pick(random, [...PLACES, `${key}: @`, `${key}: [@]`, `${key}: {a: @}`, `${key}: {@: a}`]);
  return `services:\n  web:\n    ${place.replace('@', text).replaceAll('@', 'a')}\n`;
}

/** Thousands of small things, right and wrong, under one key or as services. */
function manyItems(random: Random): string {
  const count = 1500;
  const item = pick(random, [
    (n: number) => `"${n}:${n}"`,
    (n: number) => `v${n}:/x${n}`,
    (n: number) => `"K${n}=v"`,
    (n: number) => `k${n}`,
    (n: number) => `{source: s${n}, target: /t${n}}`,
    () => `"1-65535"`,
  ]);
  const list = Array.from({ length: count }, (_, n) => item(n)).join(', ');
  const key = pick(random, READ_KEYS);
  if (random() < 0.7)
    return `services:\n  web:\n    image: r/web:1\n${key === 'image' ? '' : `    ${key}: [${list}]\n`}`;
  const value = pick(random, [
    '{imag: a}',
    '{image: a, extends: s0}',
    '{image: a, depends_on: [none]}',
    '{image: a, env_file: a.env}',
  ]);
  return `services:\n${Array.from({ length: count }, (_, n) => `  s${n}: ${n === 0 ? '{image: a}' : value}`).join('\n')}\n`;
}

function envFile(random: Random): string {
  const run = pick(random, RUNS);
  const long = run.repeat(CHARACTERS / run.length);
  const doubling = Array.from({ length: 60 }, (_, n) => `A${n + 1}=$A${n}$A${n}`).join('\n');
  const lines = Array.from({ length: 2000 }, (_, n) => `K${n}=${pick(random, ['v', '"v"', "'", '$A'])}`).join('\n');
  return pick(random, [
    `A=${long}x`,
    `A${long}`,
    `export ${long}`,
    `A="x"${long}`,
    `A="${long}`,
    `A0=abc\n${doubling}`,
    lines,
  ]);
}

t.test('loadAppFile: the largest files give an answer, and a bounded one', (t) => {
  for (const seed of seeds(24)) {
    const random = seededRandom(seed);
    const isEnv = between(random, 0, 3) === 0;
    const text = isEnv ? 'services: {web: {image: a, env_file: a.env}}' : pick(random, [longText, manyItems])(random);
    const loaded = loadText(text, { more: { 'a.env': isEnv ? envFile(random) : 'A=b' }, environment: { A: 'b' } });
    const problems = loaded.ok ? [] : loaded.problem.details;
    t.ok(problems.length <= MAX_PROBLEMS + 1, `seed ${seed}: ${problems.length} problems`);
    t.ok(loaded.warnings.length <= MAX_PROBLEMS + 1, `seed ${seed}: warnings`);
  }
  t.end();
});
