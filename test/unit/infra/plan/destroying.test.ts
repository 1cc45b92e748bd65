import t from 'tap';
import { LongshoreError } from '../../../../fleet/errors.ts';
import { FULL_FLEET, fleetOf } from '../../../infra/support/fleets.ts';
import { destroyNotes, refuseStillProtected } from '../../../../infra/plan/destroying.ts';
import { parsePlan } from '../../../../infra/plan/plan-json.ts';

const resource = (type: string, actions: readonly string[], before: object): unknown => ({
  address: `${type}.x`,
  type,
  name: 'x',
  change: { actions, before, after: null },
});

function refused(...changes: readonly unknown[]): readonly string[] {
  try {
    refuseStillProtected(parsePlan(JSON.stringify({ resource_changes: changes })));
    return [];
  } catch (error) {
    if (!(error instanceof LongshoreError)) throw error;
    t.equal(error.problem.code, 'INFRA_UNREADY');
    return error.problem.details.map(({ path }) => path);
  }
}

t.test('destroying: what the state still protects would stop the apply in the middle', (t) => {
  const database = (protect: boolean): unknown =>
    resource('google_sql_database_instance', ['delete'], { deletion_protection: protect });
  const bucket = (force: boolean): unknown => resource('google_storage_bucket', ['delete'], { force_destroy: force });
  t.same(refused(database(true), bucket(false)), ['google_sql_database_instance.x', 'google_storage_bucket.x']);
  t.same(refused(database(false), bucket(true)), []);
  t.same(refused(resource('google_storage_bucket', ['no-op'], { force_destroy: false })), []);
  t.same(refused(resource('google_compute_instance', ['delete'], {})), []);
  t.end();
});

t.test('destroying: says what stays, and how to keep what goes for good', (t) => {
  const notes = destroyNotes(fleetOf(FULL_FLEET));
  t.match(notes, /gcloud compute snapshots list --project=some-project --filter='sourceDisk~\/disks\/shop-'/);
  t.match(notes, /pool web stay[^]*remove-resource-policies [^]*--resource-policies=shop-web-[0-9a-f]{8}/);
  t.match(notes, /gcloud secrets versions access latest --secret=shop-longshore-secrets-key --project=some-project/);
  t.end();
});
