import t from 'tap';
import { parsePlan } from '../../../../infra/plan/plan-json.ts';
import { summarise } from '../../../../infra/plan/plan-summary.ts';
import { renderSummary } from '../../../../infra/plan/render-summary.ts';

interface Given {
  readonly type?: string;
  readonly actions: readonly string[];
  readonly before?: Readonly<Record<string, unknown>> | null;
  readonly after?: Readonly<Record<string, unknown>> | null;
  readonly unknown?: Readonly<Record<string, unknown>>;
  readonly replace?: readonly (readonly (string | number)[])[];
  readonly mode?: string;
}

const resource = (address: string, given: Given): unknown => ({
  address,
  type: given.type ?? 'google_compute_disk',
  name: address,
  mode: given.mode ?? 'managed',
  change: {
    actions: given.actions,
    before: given.before ?? null,
    after: given.after ?? null,
    after_unknown: given.unknown ?? {},
    ...(given.replace === undefined ? {} : { replace_paths: given.replace }),
  },
});

const summaryOf = (changes: readonly unknown[], drift: readonly unknown[] = []) =>
  summarise(parsePlan(JSON.stringify({ resource_changes: changes, resource_drift: drift })));

t.test('plan summary: kinds of changes, with the keys that change or force', (t) => {
  const { changes } = summaryOf([
    resource('a', { actions: ['create'], after: { size: 1 } }),
    resource('b', { actions: ['update'], before: { size: 1, name: 'b' }, after: { size: 2, name: 'b' } }),
    resource('c', { actions: ['delete', 'create'], before: {}, after: {}, replace: [['zone'], ['disk', 0, 'image']] }),
    resource('d', { actions: ['create', 'delete'], before: {}, after: {}, replace: [['name']] }),
    resource('e', { actions: ['delete'], before: {} }),
    resource('f', { actions: ['no-op'], before: { size: 1 }, after: { size: 1 } }),
    resource('g', { actions: ['read'], mode: 'data' }),
    resource('h', { actions: ['forget'], before: {} }),
  ]);

  t.same(
    changes.map(({ kind, address, keys }) => [kind, address, keys]),
    [
      ['add', 'a', []],
      ['change', 'b', ['size']],
      ['replace', 'c', ['zone', 'disk[0].image']],
      ['replace', 'd', ['name']],
      ['destroy', 'e', []],
      ['forget', 'h', []],
    ],
  );
  t.end();
});

t.test('plan summary: what becomes known only later counts as a change, at any depth', (t) => {
  const { changes } = summaryOf([
    resource('a', {
      actions: ['update'],
      before: { id: 'x', n: { ip: '1' }, s: 1 },
      after: { n: {}, s: 1 },
      unknown: { id: true, n: { ip: true }, s: false },
    }),
  ]);

  t.same(changes[0]?.keys, ['id', 'n']);
  t.end();
});

t.test('plan summary: machines per group, and who chooses', (t) => {
  const type = 'google_compute_instance_group_manager';
  const { machines } = summaryOf([
    resource('new', { type, actions: ['create'], after: { name: 'shop-web-a', target_size: 2 } }),
    resource('less', {
      type,
      actions: ['update'],
      before: { name: 'shop-web-b', target_size: 3 },
      after: { name: 'shop-web-b', target_size: 1 },
    }),
    resource('gone', { type, actions: ['delete'], before: { name: 'shop-web-c', target_size: 2 } }),
    resource('same', {
      type,
      actions: ['no-op'],
      before: { name: 'shop-web-d', target_size: 2 },
      after: { name: 'shop-web-d', target_size: 2 },
    }),
    resource('other', {
      type,
      actions: ['update'],
      before: { name: 'shop-web-e', target_size: 2 },
      after: { name: 'shop-web-e', target_size: 2, version: 1 },
    }),
  ]);

  t.same(machines, [
    'shop-web-a: 0 -> 2',
    'shop-web-b: 3 -> 1; the group chooses which go',
    'shop-web-c: 2 -> 0',
    'shop-web-e: 2, as before; machines that run stay as they are',
  ]);
  t.end();
});

t.test('plan summary: values are never shown', (t) => {
  const text = renderSummary(
    summaryOf(
      [resource('a', { actions: ['update'], before: { password: 'hunter2' }, after: { password: 'hunter3' } })],
      [resource('a', { actions: ['update'], before: { password: 'hunter1' }, after: { password: 'hunter2' } })],
    ),
  );

  t.match(text, /~ a {2}password/);
  t.match(text, /Changed by others since the last apply, and changed back\n {2}a: password/);
  t.notMatch(text, /hunter/);
  t.end();
});

t.test('plan summary: what others changed and this plan leaves alone is not told', (t) => {
  t.same(summaryOf([], [resource('a', { actions: ['update'], before: { x: 1 }, after: { x: 2 } })]).drift, []);
  t.same(
    summaryOf(
      [resource('a', { actions: ['update'], before: { size: 1 }, after: { size: 2 } })],
      [resource('a', { actions: ['update'], before: { status: [], size: 1 }, after: { status: ['x'], size: 1 } })],
    ).drift,
    [],
    'what the provider filled in is nobody’s doing',
  );
  t.same(
    summaryOf([resource('a', { actions: ['create'], after: {} })], [resource('a', { actions: ['delete'], before: {} })])
      .drift,
    ['a is gone'],
  );
  t.end();
});

t.test('renderSummary: replaced and destroyed stand last, with the reason and the sums', (t) => {
  const text = renderSummary(
    summaryOf([
      resource('gone', { actions: ['delete'], before: {} }),
      resource('other', { actions: ['delete', 'create'], before: {}, after: {}, replace: [['zone']] }),
      resource('new', { actions: ['create'], after: {} }),
    ]),
  );

  t.equal(
    text,
    [
      '1 to add\n  + new',
      '1 to replace\n  ± other  because of zone',
      '1 to destroy\n  - gone',
      'Plan: 1 to add, 0 to change, 1 to replace, 1 to destroy.',
    ].join('\n\n'),
  );
  t.match(renderSummary(summaryOf([])), /^Nothing to do/);
  const many = Array.from({ length: 40 }, (_, index) => resource(`r${index}`, { actions: ['create'], after: {} }));
  t.match(renderSummary(summaryOf(many)), /\+ r29\n {4}and 10 more\n/);
  const gone = many.map((_, index) => resource(`gone${index}`, { actions: ['delete'], before: {} }));
  t.match(renderSummary(summaryOf(gone)), /- gone39\n\nPlan/, 'of what goes nothing is left out');
  t.end();
});

t.test('parsePlan: what is no plan is refused, not guessed at', (t) => {
  for (const text of [
    '',
    '[]',
    '{"resource_changes":[{"address":1}]}',
    '{"resource_changes":[{"address":"a","type":"b","name":"c","change":{"actions":["explode"]}}]}',
  ])
    t.throws(() => parsePlan(text), { code: 'TERRAFORM_FAILED' }, text);
  t.end();
});
