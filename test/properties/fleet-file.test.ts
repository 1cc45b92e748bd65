import t from 'tap';
import { cutSubnets, parseRange } from '../../infra/fleet-file/cut-subnets.ts';
import { checkFleetFile } from '../../infra/fleet-file/read-fleet-file.ts';
import { splitSizes } from '../../infra/fleet-file/split-sizes.ts';
import { between, pick, seededRandom, seeds } from '../support/random.ts';

const zonesOf = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `zone-${index}`);

t.test('splitSizes: even, whole, and one more machine moves nothing else', (t) => {
  for (const seed of seeds(300)) {
    const random = seededRandom(seed);
    const zones = zonesOf(between(random, 1, 6));
    const count = between(random, 0, 1000);

    const now = splitSizes(count, zones).map((part) => part.count);
    const more = splitSizes(count + 1, zones).map((part) => part.count);

    const differences = more.map((size, index) => size - (now[index] ?? 0));
    if (now.reduce((sum, size) => sum + size, 0) !== count)
      t.fail(`seed ${seed}: ${count} over ${zones.length} is ${now.join()}`);
    if (Math.max(...now) - Math.min(...now) > 1) t.fail(`seed ${seed}: uneven ${now.join()}`);
    if ([...differences].sort().join() !== [...zones.slice(1).map(() => 0), 1].join())
      t.fail(`seed ${seed}: one more of ${now.join()} gives ${more.join()}`);
  }
  t.pass('held');
  t.end();
});

t.test('splitSizes: a further zone only takes machines from others', (t) => {
  for (const seed of seeds(300)) {
    const random = seededRandom(seed);
    const zones = zonesOf(between(random, 1, 6));
    const count = between(random, 0, 1000);
    const more = splitSizes(count, [...zones, 'further']);
    for (const [index, part] of splitSizes(count, zones).entries())
      if ((more[index]?.count ?? 0) > part.count) t.fail(`seed ${seed}: ${part.zone} grew`);
  }
  t.pass('held');
  t.end();
});

t.test('cutSubnets: a further region moves none, and none meets another', (t) => {
  for (const seed of seeds(200)) {
    const random = seededRandom(seed);
    const bits = between(random, 16, 20);
    const range = { base: between(random, 0, 15) * 2 ** (32 - bits) + 10 * 2 ** 24, bits };
    const regions = zonesOf(between(random, 1, 15));

    const now = cutSubnets(range, regions);
    const more = cutSubnets(range, [...regions, 'further']);

    t.same(more.slice(0, now.length), now, `seed ${seed}`);
    const starts = more.map((subnet) => parseRange(subnet.range)?.base ?? 0);
    const size = 2 ** (32 - bits - 4);
    for (const [index, start] of starts.entries())
      if (index > 0 && start !== (starts[index - 1] ?? 0) + size) t.fail(`seed ${seed}: ${JSON.stringify(more)}`);
    if ((starts.at(-1) ?? 0) + size > range.base + 2 ** (32 - bits)) t.fail(`seed ${seed}: outside of the network`);
  }
  t.end();
});

const WORDS = [
  'name',
  'project',
  'region',
  'pools',
  'web',
  'count',
  'zones',
  'ingress',
  'https_lb',
  'domains',
  'labels',
  '__proto__',
  'constructor',
  'registry',
  'state',
  'local',
  'network',
  'x',
] as const;
const VALUES = [
  '1',
  '0',
  'true',
  '~',
  '',
  'europe-west4',
  'europe-west4-a',
  '[]',
  '{}',
  '[a, 1]',
  '"',
  '&a *a',
  '{ count: 2 }',
  '!x y',
  '- 1',
  '10.0.0.0/16',
  'none',
  'false',
] as const;

t.test('fleet file: no text makes the reader throw, and every problem has its place', (t) => {
  for (const seed of seeds(2000)) {
    const random = seededRandom(seed);
    let depth = 0;
    const lines = Array.from({ length: between(random, 1, 14) }, () => {
      depth = between(random, 0, Math.min(depth + 1, 4));
      return `${'  '.repeat(depth)}${pick(random, WORDS)}: ${pick(random, VALUES)}`;
    });
    const text = lines.join('\n');
    const reading = checkFleetFile({ path: 'fleet.yaml', text });
    if (reading.kind === 'ok') continue;
    if (reading.problems.length === 0) t.fail(`seed ${seed}: refused without a reason\n${text}`);
    for (const { line, message } of reading.problems)
      if (line === null || line < 1 || line > lines.length + 1 || message === '')
        t.fail(`seed ${seed}: ${message} at ${line}\n${text}`);
  }
  t.pass('held');
  t.end();
});
