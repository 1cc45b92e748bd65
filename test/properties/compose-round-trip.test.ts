/**
 * A random app, written as YAML by one of several spellings, reads back as the same app; and whatever is done to the
 * text of a file, loading it answers (with an app or with problems) and never throws.
 */
import t from 'tap';
import { stringify } from 'yaml';
import { EXAMPLE_APP_FILE } from '../../compose/example-app-file.ts';
import { renderDuration } from '../../compose/values/durations.ts';
import { validateAppSpec } from '../../compose/validate-app-spec.ts';
import { loadText, shown } from '../support/app-file.ts';
import { between, pick, type Random, seededRandom, seeds } from '../support/random.ts';

const chance = (random: Random): boolean => random() < 0.5;
const optional = (random: Random, make: () => object): object => (chance(random) ? make() : {});

/** The same wish twice: as the file says it, and as the resolved service must have it. */
interface Wish {
  readonly file: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

const WISHES: readonly ((random: Random) => Wish)[] = [
  (random) => {
    const words = Array.from({ length: between(random, 1, 3) }, (_, index) =>
      pick(random, ['a', 'b c', 'x$y', `"${index}`]),
    );
    return { file: { command: words.map((word) => word.replaceAll('$', '$$$$')) }, spec: { command: words } };
  },
  (random) => {
    const values = { A: pick(random, ['1', 'true', '', 'x=y', 'null', '0440']), B: 'two words' };
    const list = Object.entries(values).map(([name, value]) => `${name}=${value}`);
    return { file: { environment: chance(random) ? values : list }, spec: { environment: values } };
  },
  (random) => {
    const container = between(random, 1, 65_535);
    const host = between(random, 1, 65_535);
    const long = { target: container, published: String(host) };
    return {
      file: { ports: [chance(random) ? long : `${host}:${container}`] },
      spec: { ports: [{ container, host, hostIp: null, protocol: 'tcp' }], order: 'stop-first' },
    };
  },
  (random) => {
    const readOnly = chance(random);
    const long = { type: 'volume', source: 'data', target: '/data', ...(readOnly ? { read_only: true } : {}) };
    const short = `data:/data${readOnly ? ':ro' : ''}`;
    return {
      file: { volumes: [chance(random) ? long : short] },
      spec: { mounts: [{ kind: 'volume', volume: 'data', target: '/data', readOnly }] },
    };
  },
  (random) => {
    const ms = between(random, 0, 100_000);
    return { file: { stop_grace_period: renderDuration(ms) }, spec: { stopGraceMs: ms } };
  },
  (random) => {
    const bytes = between(random, 6, 4000) * 1024 * 1024;
    const text = pick(random, [String(bytes), `${bytes / 1024}k`, `${bytes / 1024 / 1024}MiB`]);
    const limits = { deploy: { resources: { limits: { memory: text } } } };
    return {
      file: chance(random) ? limits : { mem_limit: text },
      spec: { resources: { cpus: null, memoryBytes: bytes, memoryReservationBytes: null, pids: null } },
    };
  },
  (random) => {
    const name = pick(random, ['no', 'always', 'unless-stopped', 'on-failure']);
    return { file: { restart: name }, spec: { restart: { name, maxAttempts: 0 } } };
  },
  (random) => {
    const port = between(random, 1, 65_535);
    const route = { host: 'a.example.org', path: '/x', port };
    return {
      file: { 'x-longshore': { ingress: chance(random) ? route : [`a.example.org/x:${port}`], health: { tcp: port } } },
      spec: { ingress: [{ ...route, tls: 'auto', weight: 1, stripPrefix: false }] },
    };
  },
  (random) => {
    const replicas = between(random, 0, 50);
    return { file: { scale: replicas }, spec: { replicas } };
  },
];

t.test('loadAppFile: a random app reads back as it was meant', (t) => {
  for (const seed of seeds(150)) {
    const random = seededRandom(seed);
    const wishes = WISHES.filter(() => chance(random)).map((wish) => wish(random));
    const service = Object.assign({ image: 'r/web:1' }, ...wishes.map((wish) => wish.file)) as object;
    const file = {
      ...optional(random, () => ({ version: '3' })),
      services: { web: service },
      volumes: { data: null },
    };
    const text = stringify(file, { defaultStringType: pick(random, ['PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE']) });
    const loaded = loadText(text);
    if (!loaded.ok) {
      t.fail(`seed ${seed}: ${shown(loaded.problem.details).join('\n')}\n${text}`);
      continue;
    }
    const web = loaded.spec.services.web;
    for (const { spec } of wishes) {
      const found = Object.fromEntries(Object.keys(spec).map((key) => [key, Reflect.get(web ?? {}, key) as unknown]));
      t.strictSame(found, spec, `seed ${seed}`);
    }
    t.strictSame(validateAppSpec(loaded.spec), [], `seed ${seed}: what was read passes the coordinator's rules`);
    t.strictSame(loadText(text), loaded, `seed ${seed}: the same file gives the same app`);
  }
  t.end();
});

t.test('loadAppFile: any damage to a file gives an answer and places inside the file', (t) => {
  const pieces = [
    '\t',
    ':',
    '{',
    '}',
    '[',
    ']',
    '&a ',
    '*a',
    '!reset ',
    '<<: ',
    '"',
    "'",
    '\n',
    '- ',
    '${',
    '$',
    '\u0000',
    '#',
    '|',
    '  ',
  ];
  for (const seed of seeds(150)) {
    const random = seededRandom(seed);
    let text = EXAMPLE_APP_FILE;
    for (let hit = between(random, 1, 4); hit > 0; hit -= 1) {
      const at = between(random, 0, text.length);
      text = text.slice(0, at) + pick(random, pieces as [string, ...string[]]) + text.slice(at + between(random, 0, 3));
    }
    const loaded = loadText(text);
    if (loaded.ok) continue;
    const lines = text.split('\n').length;
    const wrong = loaded.problem.details.filter((one) => one.line === null || one.line < 1 || one.line > lines);
    t.strictSame(wrong, [], `seed ${seed}`);
    t.ok(loaded.problem.details.length > 0, `seed ${seed}: says what is wrong`);
  }
  t.end();
});
