import t from 'tap';
import type { OwnedObject } from '../../../../agent/engine/owned-objects.ts';
import { chooseFormer } from '../../../../agent/identity/find-former.ts';
import { describeFormer, formerHosts } from '../../../../agent/identity/former-hosts.ts';
import { hostId } from '../../../support/app-builders.ts';

const DATA = '/var/lib/longshore-agent';
const [first, second, other] = [hostId(1), hostId(2), hostId(3)];
const object = (fields: Partial<OwnedObject>): OwnedObject => ({
  kind: 'container',
  host: first,
  app: 'db',
  ingress: false,
  dataDir: DATA,
  sources: [],
  ...fields,
});
const ask = { dataDir: DATA, former: null, adopt: 'ask' } as const;

t.test('formerHosts: what carries our data directory is ours, all of that host with it', (t) => {
  const objects = [
    object({ kind: 'volume' }),
    object({ app: 'web', dataDir: null }),
    object({ app: null, ingress: true }),
    object({ host: other, dataDir: '/var/lib/another-agent' }),
  ];

  t.same(formerHosts(objects, `${DATA}/`, null), [
    { host: first, apps: ['db', 'web'], containers: 2, volumes: 1, ingress: true },
  ]);
  t.same(formerHosts(objects, DATA, first), [], 'what it is now is no former host');
  t.end();
});

t.test('formerHosts: objects without the label are ours where they mount something out of the data directory', (t) => {
  const ingress = object({ app: null, ingress: true, dataDir: null, sources: [`${DATA}/ingress/shared`] });
  const elsewhere = object({ host: other, dataDir: null, sources: [`${DATA}-2/ingress/shared`, '/srv'] });

  t.same(
    formerHosts([ingress, elsewhere], DATA, null).map(({ host }) => host),
    [first],
  );
  t.end();
});

t.test('chooseFormer: asks for the one there is, and leaves the choice among several to a person', (t) => {
  const one = [object({})];
  const two = [...one, object({ host: second, kind: 'volume' })];

  t.same(chooseFormer(ask, []), { kind: 'host', claim: null });
  t.match(chooseFormer(ask, one), { kind: 'host', claim: { host: first, adopt: false, containers: 1 } });
  t.match(chooseFormer({ ...ask, adopt: 'yes' }, one), { claim: { host: first, adopt: true } });
  t.same(chooseFormer({ ...ask, adopt: 'no' }, one), { kind: 'host', claim: null });
  t.match(chooseFormer(ask, two), { kind: 'refused', problem: { code: 'FORMER_HOST', hint: /re-enrol --host/ } });
  t.match(chooseFormer({ ...ask, former: second }, two), { claim: { host: second, adopt: true, volumes: 1 } });
  t.match(chooseFormer({ ...ask, former: second }, []), { claim: { host: second, containers: 0 } });
  t.end();
});

t.test('describeFormer: what is there, in one line', (t) => {
  t.equal(
    describeFormer({ host: first, apps: ['db'], containers: 1, volumes: 2, ingress: true }),
    `${first} (1 container and 2 volumes of db; the ingress)`,
  );
  t.end();
});
