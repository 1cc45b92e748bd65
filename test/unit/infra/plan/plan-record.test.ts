import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { configurationHash } from '../../../../infra/plan/configuration-hash.ts';
import { dropPlan, keepPlan, readRecord } from '../../../../infra/plan/plan-record.ts';
import { checkStatePlace } from '../../../../infra/plan/state-place.ts';
import { readFleetFile } from '../../../../infra/fleet-file/read-fleet-file.ts';
import { workspaceOf } from '../../../../infra/plan/workspace.ts';

t.test('plan record: a kept plan is known again; another one is not', (t) => {
  const workspace = workspaceOf(t.testdir({ '.terraform': {} }), 'gcp');
  t.throws(() => readRecord(workspace), { code: 'NOT_FOUND' });
  writeFileSync(workspace.planPart, 'the plan');

  keepPlan(workspace, 'hash', false);

  t.equal(readFileSync(workspace.planFile, 'utf8'), 'the plan');
  t.notOk(existsSync(workspace.planPart));
  t.equal(statSync(workspace.recordFile).mode & 0o777, 0o600);
  t.match(readRecord(workspace), { configuration: 'hash', destroy: false });
  writeFileSync(workspace.planFile, 'another plan');
  t.throws(() => readRecord(workspace), { code: 'PLAN_STALE' });
  writeFileSync(workspace.recordFile, '{ broken');
  t.throws(() => readRecord(workspace), { code: 'PLAN_STALE' });

  dropPlan(workspace);
  t.notOk(existsSync(workspace.planFile));
  t.notOk(existsSync(workspace.recordFile));
  t.doesNotThrow(() => dropPlan(workspace), 'nothing to drop is fine');
  t.end();
});

t.test('configurationHash: every file counts, but not what Terraform puts there', (t) => {
  const folder = t.testdir({ 'cdk.tf.json': '{}', assets: { a: '1' } });
  const first = configurationHash(folder);
  mkdirSync(path.join(folder, '.terraform'));
  writeFileSync(path.join(folder, '.terraform', 'x'), '');
  writeFileSync(path.join(folder, '.terraform.lock.hcl'), '');
  t.equal(configurationHash(folder), first);

  writeFileSync(path.join(folder, 'assets', 'a'), '2');
  t.not(configurationHash(folder), first);
  writeFileSync(path.join(folder, 'assets', 'a'), '1');
  t.equal(configurationHash(folder), first);
  writeFileSync(path.join(folder, 'assets', 'b'), '');
  t.not(configurationHash(folder), first);
  t.end();
});

t.test('checkStatePlace: a bucket beside a local state with machines in it needs a word', (t) => {
  const text = 'name: shop\nproject: my-project-1\nregion: europe-west4\npools: {}\n';
  const inBucket = readFleetFile({ path: 'f', text: `${text}state: { bucket: states }\n` });
  const workspace = workspaceOf(t.testdir(), 'gcp');
  const state = (resources: string): void => writeFileSync(path.join(workspace.folder, 'shop.gcp.tfstate'), resources);
  const place = (): void => checkStatePlace(inBucket, workspace);

  t.doesNotThrow(place, 'there is none');
  state('{"resources":[]}');
  t.doesNotThrow(place, 'it is empty');
  state('{"resources":[{}]}');
  t.throws(place, { code: 'STATE_ELSEWHERE' });
  state('damaged');
  t.throws(place, { code: 'STATE_ELSEWHERE' });
  t.doesNotThrow(() => checkStatePlace(readFleetFile({ path: 'f', text }), workspace), 'no bucket, no question');
  mkdirSync(workspace.dataFolder);
  writeFileSync(path.join(workspace.dataFolder, 'terraform.tfstate'), '{}');
  t.doesNotThrow(place, 'then Terraform itself notices');
  t.end();
});
