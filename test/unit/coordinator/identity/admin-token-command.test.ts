import t from 'tap';
import {
  adminTokenArguments,
  becomeOwner,
  renderReset,
  resetBy,
} from '../../../../coordinator/identity/admin-token-command.ts';
import { refusal } from '../../../support/refusal.ts';

t.test('admin-token: wants --reset, and leaves the settings to the coordinator', (t) => {
  t.same(adminTokenArguments(['--data-dir', '/data', '--reset', '--config', 'x']).others, [
    '--data-dir',
    '/data',
    '--config',
    'x',
  ]);
  t.throws(() => adminTokenArguments(['--data-dir', '/data']), refusal('INPUT_INVALID', /nothing to do/));
  t.end();
});

t.test('admin-token: root goes on as the owner of the data, and nobody else may', (t) => {
  const became: unknown[] = [];
  const self = (uid: number) => ({ uid, become: (...ids: readonly number[]) => became.push(ids) });
  const owner = { uid: 990, gid: 980 };

  becomeOwner(owner, self(0), '/data');
  becomeOwner(owner, self(990), '/data');
  t.same(became, [[990, 980]]);
  t.throws(() => becomeOwner(owner, self(1_000), '/data'), refusal('INPUT_INVALID', /belongs to another user/));
  t.throws(() => becomeOwner(null, self(0), '/data'), refusal('INPUT_INVALID', /no data directory/));
  t.end();
});

t.test('admin-token: the event says who, and the output where, but not the token', (t) => {
  t.match(resetBy('root', { SUDO_USER: 'ada' }), /by root \(sudo of ada\)$/);
  t.match(resetBy('longshore', {}), /by longshore$/);
  t.match(renderReset('/data/admin-token'), '/data/admin-token');
  t.end();
});
