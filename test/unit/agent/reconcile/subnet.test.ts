import t from 'tap';
import {
  addressAt,
  allocateSubnet,
  assignIndexes,
  capacityOf,
  indexHolding,
  indexOfAddress,
  nextIndex,
} from '../../../../agent/reconcile/subnet.ts';

t.test('allocateSubnet: the lowest free piece, passing over what overlaps', (t) => {
  t.equal(allocateSubnet('10.213.0.0/16', []), '10.213.0.0/24');
  t.equal(allocateSubnet('10.213.0.0/16', ['10.213.0.0/24', '10.213.2.0/24']), '10.213.1.0/24');
  t.equal(allocateSubnet('10.213.0.0/16', ['10.213.0.0/20']), '10.213.16.0/24', 'a larger one in the way');
  t.equal(allocateSubnet('10.213.0.0/16', ['172.17.0.0/16']), '10.213.0.0/24');
  t.end();
});

t.test('allocateSubnet: small pools give small networks, and end', (t) => {
  t.equal(allocateSubnet('10.250.7.0/24', ['10.250.7.0/28']), '10.250.7.16/28');
  const all = Array.from({ length: 16 }, (_, index) => `10.250.7.${index * 16}/28`);
  t.equal(allocateSubnet('10.250.7.0/24', all), null);
  t.end();
});

t.test('addressAt: two addresses a replica, none for the gateway and the broadcast, and back again', (t) => {
  t.equal(addressAt('10.213.1.0/24', 0, 0), '10.213.1.2');
  t.equal(addressAt('10.213.1.0/24', 0, 1), '10.213.1.3');
  t.equal(addressAt('10.213.1.0/24', 125, 1), '10.213.1.253');
  t.equal(addressAt('10.213.1.0/24', 126, 1), null);
  t.equal(capacityOf('10.213.1.0/24'), 126);
  t.equal(indexOfAddress('10.213.1.0/24', '10.213.1.7', 1), 2);
  t.equal(indexOfAddress('10.213.1.0/24', '10.213.1.7', 0), null);
  t.equal(indexOfAddress('10.213.1.0/24', '10.99.1.7', 1), null);
  t.end();
});

t.test('assignIndexes: keeps what is known and fills the gaps', (t) => {
  t.same(assignIndexes({ 'web/1': 1 }, ['web/1', 'db/1', 'db/2']), { 'web/1': 1, 'db/1': 0, 'db/2': 2 });
  t.same(
    assignIndexes({ 'web/1': 1 }, ['web/1', 'db/1'], [0, 2]),
    { 'web/1': 1, 'db/1': 3 },
    'what is held is passed over',
  );
  t.end();
});

t.test('nextIndex: the next free pair, from the beginning again after the last', (t) => {
  t.equal(nextIndex('10.213.1.0/24', 0, [0, 1]), 2);
  t.equal(nextIndex('10.250.7.0/28', 5, [5, 0]), 1);
  t.equal(nextIndex('10.250.7.0/28', 0, [0, 1, 2, 3, 4, 5]), null);
  t.equal(indexHolding('10.213.1.0/24', '10.213.1.7'), 2);
  t.equal(indexHolding('10.213.1.0/24', '10.99.1.7'), null);
  t.end();
});
