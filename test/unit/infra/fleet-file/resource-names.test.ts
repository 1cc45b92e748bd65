import t from 'tap';
import {
  bucketName,
  coordinatorAccountId,
  fleetNames,
  poolNames,
} from '../../../../infra/fleet-file/resource-names.ts';

t.test('resource names: the longest fleet and project still fit', (t) => {
  for (const { name, max, what } of fleetNames('p'.repeat(30), 'f'.repeat(20)))
    t.ok(name.length <= max, `${what} ${name}`);
  t.end();
});

t.test('resource names: what fits a service account fits everything, in the zone with the longest name', (t) => {
  const [account, ...others] = poolNames('f'.repeat(20), 'p'.repeat(6), ['northamerica-northeast1-a']);

  t.equal(account?.name.length, account?.max);
  for (const { name, max, what } of others) t.ok(name.length <= max, `${what} ${name}`);
  t.end();
});

t.test('resource names: the shortest are long enough for a service account (6)', (t) => {
  t.ok(coordinatorAccountId('a').length >= 6);
  t.ok((poolNames('a', 'b', [])[0]?.name.length ?? 0) >= 6);
  t.equal(bucketName('proj', 'shop'), 'proj-shop-longshore');
  t.end();
});
