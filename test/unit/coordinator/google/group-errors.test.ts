import t from 'tap';
import { groupTrouble } from '../../../../coordinator/google/group-errors.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const error = (code: string, message = 'm', minutesAgo = 1, group = 'shop-web-b') => ({
  group,
  code,
  message,
  at: NOW - minutesAgo * 60_000,
});

t.test('groupTrouble: a way out for what Google says', (t) => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['QUOTA_EXCEEDED', "Quota 'CPUS' exceeded", /quota is used up: raise it .* or lower `count`/],
    ['ZONE_RESOURCE_POOL_EXHAUSTED', 'no resources', /has no such machine left: .*`zones` or another `machine`/],
    ['ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS', 'no resources', /has no such machine left/],
    [
      'INVALID_FIELD_VALUE',
      "Machine type with name 'x9-standard-1' does not exist in zone",
      /change `machine` or `zones`/,
    ],
    ['IP_SPACE_EXHAUSTED', 'full', /no free address/],
    ['SOMETHING_NEW', 'who knows', /^shop-web-b: Google could not make a machine \(SOMETHING_NEW: who knows\)$/],
  ];
  for (const [code, message, expected] of cases) t.match(groupTrouble([error(code, message)], NOW), [expected], code);
  t.end();
});

t.test('groupTrouble: one line for a group and code, only of the last half hour, and few', (t) => {
  t.equal(groupTrouble([error('A'), error('A', 'n', 2), error('B')], NOW).length, 2);
  t.same(groupTrouble([error('A', 'm', 31)], NOW), []);
  const many = Array.from({ length: 12 }, (_, index) => error('A', 'm', 1, `group-${index}`));
  t.same(groupTrouble(many, NOW).at(-1), 'and 2 more');
  t.end();
});

t.test('groupTrouble: text from outside is one short line', (t) => {
  const [line = ''] = groupTrouble([error('A', `\u001b[31mred\n${'x'.repeat(1000)}`)], NOW);
  t.notMatch(line, /\p{Cc}/u);
  t.ok(line.length < 400);
  t.end();
});
