import t from 'tap';
import { AddressRate, networkOf } from '../../../../coordinator/http/address-rate.ts';

t.test('AddressRate: so many at once, then with time', (t) => {
  let now = 0;
  const rate = new AddressRate({ perMinute: 2, monotonicMs: () => now });

  t.same([rate.take('a'), rate.take('a'), rate.take('a')], [0, 0, 30_000]);
  t.equal(rate.waitMs('b'), 0);
  now = 30_000;
  t.same([rate.waitMs('a'), rate.take('a'), rate.waitMs('a')], [0, 0, 30_000]);
  t.end();
});

t.test('networkOf: an IPv6 address stands for its /64', (t) => {
  t.equal(networkOf('192.0.2.1'), '192.0.2.1');
  t.equal(networkOf('2001:db8::1'), networkOf('2001:0DB8:0:0:ffff::2'));
  t.not(networkOf('2001:db8::1'), networkOf('2001:db8:0:1::1'));
  t.equal(networkOf('::1'), '0:0:0:0');
  t.equal(networkOf('unknown'), 'unknown');
  t.end();
});
