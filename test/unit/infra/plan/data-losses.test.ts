import t from 'tap';
import { LongshoreError, type Problem } from '../../../../fleet/errors.ts';
import { dataLosses, neededSnapshots, refuseUnnamedLosses, renderLosses } from '../../../../infra/plan/data-losses.ts';
import { parsePlan } from '../../../../infra/plan/plan-json.ts';

interface Change {
  readonly type: string;
  readonly name?: string;
  readonly actions: readonly string[];
  readonly before?: object | null;
  readonly after?: object | null;
  readonly replace?: readonly (readonly string[])[];
}

const planOf = (...changes: readonly Change[]): ReturnType<typeof parsePlan> =>
  parsePlan(
    JSON.stringify({
      resource_changes: changes.map(({ type, name = 'x', actions, before = null, after = null, replace }) => ({
        address: `${type}.${name}`,
        mode: 'managed',
        type,
        name,
        change: { actions, before, after, ...(replace === undefined ? {} : { replace_paths: replace }) },
      })),
    }),
  );

function problemOf(act: () => void): Problem | null {
  try {
    act();
    return null;
  } catch (error) {
    if (!(error instanceof LongshoreError)) throw error;
    return error.problem;
  }
}

const DISK: Change = {
  type: 'google_compute_disk',
  name: 'coordinator-disk_data',
  actions: ['delete', 'create'],
  before: { name: 'shop-coordinator-data' },
  after: { name: 'shop-coordinator-data' },
  replace: [['zone']],
};
const REGISTRY: Change = {
  type: 'google_artifact_registry_repository',
  actions: ['delete'],
  before: { repository_id: 'shop' },
};
const FLEET = { name: 'fleet' };

t.test('data losses: whatever holds data and is destroyed or replaced, by the name that Google shows', (t) => {
  const gone = (type: string, key: string): Change => ({ type, actions: ['delete'], before: { [key]: `a-${type}` } });
  const holders = [
    gone('google_compute_disk', 'name'),
    gone('google_sql_database_instance', 'name'),
    gone('google_redis_instance', 'name'),
    gone('google_artifact_registry_repository', 'repository_id'),
    gone('google_storage_bucket', 'name'),
    gone('google_logging_project_bucket_config', 'bucket_id'),
    { ...gone('google_secret_manager_secret', 'secret_id'), name: 'secret_secrets-key' },
  ];
  t.same(
    dataLosses(planOf(...holders)).map(({ name }) => name),
    holders.map(({ type }) => `a-${type}`),
  );
  const others = [
    gone('google_compute_instance', 'name'),
    gone('google_compute_instance_template', 'name'),
    gone('google_secret_manager_secret', 'secret_id'),
    { ...DISK, actions: ['update'] },
    { ...DISK, actions: ['no-op'] },
  ];
  t.same(dataLosses(planOf(...others)), []);
  t.match(dataLosses(planOf(DISK, REGISTRY)), [
    { name: 'shop-coordinator-data', what: /the coordinator's disk/, replacedFor: ['zone'] },
    { name: 'shop', what: /all images/, replacedFor: null },
  ]);
  t.end();
});

t.test('data losses: an object of the bucket that would be uploaded and then deleted by its name', (t) => {
  const object = (actions: readonly string[], after: string): Change => ({
    type: 'google_storage_bucket_object',
    actions,
    before: { name: 'programs/a' },
    after: { name: after },
  });
  t.match(dataLosses(planOf(object(['create', 'delete'], 'programs/a'))), [{ name: 'programs/a' }]);
  t.same(dataLosses(planOf(object(['create', 'delete'], 'programs/b'), object(['delete'], ''))), []);
  t.end();
});

t.test('data losses: refused unless each is named, with the way that keeps the data', (t) => {
  const losses = dataLosses(planOf(DISK, REGISTRY));
  const refuse = (...agreed: readonly string[]): Problem | null =>
    problemOf(() => refuseUnnamedLosses(losses, agreed, FLEET, false));

  const none = refuse();
  t.equal(none?.code, 'INFRA_UNREADY');
  t.same(
    none?.details.map(({ path }) => path),
    ['shop-coordinator-data', 'shop'],
  );
  t.match(none?.details[0]?.message, /replaced by an empty one because of zone; .*coordinator\.data_snapshot/);
  t.match(none?.hint, /--destroy-data shop-coordinator-data --destroy-data shop$/);
  t.same(
    refuse('shop')?.details.map(({ path }) => path),
    ['shop-coordinator-data'],
  );
  t.equal(refuse('shop', 'shop-coordinator-data'), null);
  t.match(refuse('shop', 'shop-coordinator-data', 'other'), {
    code: 'INPUT_INVALID',
    details: [{ message: /"other" is not destroyed by this plan/ }],
  });
  t.equal(refuse('fleet')?.code, 'INPUT_INVALID', 'the name of the fleet stands for nothing in an edit');
  t.end();
});

t.test('data losses: with --destroy the name of the fleet stands for all of it', (t) => {
  const losses = dataLosses(planOf(REGISTRY));
  t.match(problemOf(() => refuseUnnamedLosses(losses, [], FLEET, true))?.hint, /--destroy --destroy-data fleet$/);
  t.equal(
    problemOf(() => refuseUnnamedLosses(losses, ['fleet'], FLEET, true)),
    null,
  );
  t.equal(
    problemOf(() => refuseUnnamedLosses([], ['fleet'], FLEET, true)),
    null,
    'also where nothing was ever applied',
  );
  t.end();
});

t.test('data losses: what is agreed to is shown, and that a snapshot is older than the disk', (t) => {
  const fresh: Change = { type: 'google_compute_disk', actions: ['create'], after: { snapshot: 'monday' } };
  const plan = planOf(REGISTRY, fresh, { ...fresh, after: {} }, { ...fresh, actions: ['no-op'] });
  t.same(neededSnapshots(plan), ['monday']);
  const shown = renderLosses(dataLosses(plan), neededSnapshots(plan));
  t.match(shown, /^DATA THAT THIS PLAN DESTROYS\n {2}! shop: the registry/);
  t.match(shown, /made from the snapshot monday; what was written since is not in it/);
  t.end();
});
