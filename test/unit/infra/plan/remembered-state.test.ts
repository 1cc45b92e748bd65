import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import {
  isSameState,
  rememberedState,
  withRememberedLogin,
  type RememberedState,
} from '../../../../infra/plan/remembered-state.ts';

const bucket = { bucket: 'states', prefix: 'longshore/shop' };

/** As Terraform 1.11 writes it after `init`. */
function remembered(t: Test, type: string, config: object): RememberedState | null {
  const folder = t.testdir();
  const backend = { type, config: { access_token: null, ...config }, hash: 1 };
  writeFileSync(path.join(folder, 'terraform.tfstate'), JSON.stringify({ version: 3, backend }));
  return rememberedState(folder);
}

t.test('remembered state: another login is no other state, another bucket or prefix is', (t) => {
  const before = remembered(t, 'gcs', { ...bucket, credentials: '/old/key.json', impersonate_service_account: null });
  t.ok(isSameState(before, { gcs: { ...bucket, credentials: '/new/key.json' } }));
  t.ok(isSameState(before, { gcs: { ...bucket, impersonate_service_account: 'a@b' } }));
  t.notOk(isSameState(before, { gcs: { ...bucket, prefix: 'longshore/store' } }));
  t.notOk(isSameState(before, { gcs: { ...bucket, bucket: 'others' } }));
  t.notOk(isSameState(before, { local: { path: '/x/shop.gcp.tfstate' } }));
  t.end();
});

t.test('remembered state: nothing remembered, or nothing that can be read, is no reason for anything', (t) => {
  const folder = t.testdir();
  t.equal(rememberedState(folder), null);
  writeFileSync(path.join(folder, 'terraform.tfstate'), '{');
  t.equal(rememberedState(folder), null);
  t.notOk(isSameState(null, { gcs: bucket }));
  t.end();
});

t.test('remembered state: a file that moved with its folder is the same, one that was copied is not', (t) => {
  const folder = t.testdir({ now: { 'shop.gcp.tfstate': '{}' } });
  const [old, now] = ['old', 'now'].map((name) => path.join(folder, name, 'shop.gcp.tfstate'));
  const state = { local: { path: now ?? '' } };
  const before: RememberedState = { type: 'local', config: { path: old } };
  t.ok(isSameState(before, state));
  t.notOk(isSameState(before, { local: { path: path.join(folder, 'now/store.gcp.tfstate') } }));
  mkdirSync(path.join(folder, 'old'));
  writeFileSync(old ?? '', '{}');
  t.notOk(isSameState(before, state));
  t.end();
});

t.test('remembered state: reading takes the login that prepared it, where none is named', (t) => {
  const folder = t.testdir({ 'key.json': '{}' });
  const credentials = path.join(folder, 'key.json');
  const before: RememberedState = { type: 'gcs', config: { ...bucket, credentials } };
  t.same(withRememberedLogin(before, { gcs: bucket }), { gcs: { ...bucket, credentials } });
  const named = { gcs: { ...bucket, credentials: '/other.json' } };
  t.same(withRememberedLogin(before, named), named);
  const elsewhere = { gcs: { ...bucket, prefix: 'another' } };
  t.same(withRememberedLogin(before, elsewhere), elsewhere);
  const gone: RememberedState = { type: 'gcs', config: { ...bucket, credentials: `${credentials}.gone` } };
  t.same(withRememberedLogin(gone, { gcs: bucket }), { gcs: bucket });
  t.end();
});
