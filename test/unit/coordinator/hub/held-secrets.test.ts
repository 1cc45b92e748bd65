import t from 'tap';
import { HeldSecrets } from '../../../../coordinator/hub/held-secrets.ts';
import { appName } from '../../../support/app-builders.ts';

t.test('held secrets: what hello said and what was sent count as held', (t) => {
  const held = new HeldSecrets();
  held.heard({ 'web/key': 2 });
  held.sent('web/key', 1);

  t.ok(held.has('web/key', 2));
  t.ok(held.has('web/key', 1), 'both versions: a release before may be wanted again');
  t.notOk(held.has('web/key', 3));
  t.notOk(held.has('db/key', 2));
  t.end();
});

t.test('held secrets: a report is the whole truth, and says whether something is missing', (t) => {
  const held = new HeldSecrets();
  held.heard({ 'web/key': 2, 'db/key': 1 });

  t.equal(held.reported({ 'web/key': [1, 2], 'db/key': [1] }), false);
  t.ok(held.has('web/key', 1));
  t.equal(held.reported({ 'web/key': [2], 'db/key': [1] }), true, 'one version was dropped');
  t.notOk(held.has('web/key', 1));
  t.equal(held.reported({ 'web/key': [2] }), true, 'all of a secret were');
  t.equal(held.reported({ 'web/key': [2] }), false);
  held.sent('db/key', 1);
  t.equal(held.reported({ 'web/key': [2] }), true, 'what was sent and is not there is sent again');
  t.end();
});

t.test('held secrets: an app that was removed takes its own with it', (t) => {
  const held = new HeldSecrets();
  held.heard({ 'web/key': 2, 'web-admin/key': 1 });

  held.removed(appName('web'));

  t.notOk(held.has('web/key', 2));
  t.ok(held.has('web-admin/key', 1));
  t.end();
});
