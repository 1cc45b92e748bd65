import t from 'tap';
import { clientAddress } from '../../../../coordinator/http/client-address.ts';

const request = (remoteAddress: string, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } }) as never;

t.test('clientAddress: what a stranger writes of himself does not count', (t) => {
  t.equal(clientAddress([])(request('127.0.0.1', '192.0.2.1')), '127.0.0.1');
  t.equal(clientAddress(['10.0.0.0/8'])(request('192.0.2.9', '192.0.2.1')), '192.0.2.9');
  t.equal(clientAddress([])(request('::ffff:192.0.2.9')), '192.0.2.9');
  t.end();
});

t.test('clientAddress: the nearest address that no trusted proxy has', (t) => {
  const of = clientAddress(['127.0.0.1', '10.0.0.0/8', 'fd00::/8', '::1']);

  t.equal(of(request('::ffff:127.0.0.1', '192.0.2.1')), '192.0.2.1');
  t.equal(of(request('127.0.0.1', '203.0.113.5, 192.0.2.1, 10.1.2.3')), '192.0.2.1', 'the first was made up');
  t.equal(of(request('::1', '192.0.2.1:4711')), '192.0.2.1');
  t.equal(of(request('127.0.0.1', '[2001:db8::1]:443')), '2001:db8::1');
  t.equal(of(request('127.0.0.1', '10.0.0.7')), '10.0.0.7', 'all are proxies: the farthest');
  t.equal(of(request('127.0.0.1', 'unknown')), '127.0.0.1');
  t.equal(of(request('127.0.0.1')), '127.0.0.1');
  t.end();
});
