import t from 'tap';
import {
  contains,
  coordinatorAddress,
  cutSubnets,
  isPrivateRange,
  overlaps,
  parseRange,
  type Ipv4Range,
} from '../../../../infra/fleet-file/cut-subnets.ts';

function range(text: string): Ipv4Range {
  const found = parseRange(text);
  if (found === null) throw new Error(`${text} is no range`);
  return found;
}

t.test('parseRange: takes a range from its first address only', (t) => {
  t.same(parseRange('10.64.0.0/16'), { base: 10 * 2 ** 24 + 64 * 2 ** 16, bits: 16 });
  for (const wrong of ['10.64.0.1/16', '10.64.0.0', '10.64.0.0/33', '256.0.0.0/8', '10.0.0.0/8x', ''])
    t.equal(parseRange(wrong), null, wrong);
  t.end();
});

t.test('cutSubnets: sixteenths in the order of the regions', (t) => {
  t.same(cutSubnets(range('10.64.0.0/16'), ['a', 'b', 'c']), [
    { region: 'a', range: '10.64.0.0/20' },
    { region: 'b', range: '10.64.16.0/20' },
    { region: 'c', range: '10.64.32.0/20' },
  ]);
  t.same(cutSubnets(range('192.168.240.0/20'), ['a', 'b']), [
    { region: 'a', range: '192.168.240.0/24' },
    { region: 'b', range: '192.168.241.0/24' },
  ]);
  t.end();
});

t.test('cutSubnets: the addresses above 128 keep their sign', (t) => {
  t.equal(cutSubnets(range('192.168.0.0/16'), ['a'])[0]?.range, '192.168.0.0/20');
  t.equal(coordinatorAddress('192.168.16.0/20'), '192.168.16.10');
  t.end();
});

t.test('ranges: private, inside one another, meeting', (t) => {
  t.ok(isPrivateRange(range('172.16.0.0/16')));
  t.notOk(isPrivateRange(range('172.32.0.0/16')));
  t.notOk(isPrivateRange(range('0.0.0.0/0')));
  t.ok(contains(range('10.0.0.0/8'), range('10.255.0.0/16')));
  t.notOk(contains(range('10.0.0.0/16'), range('10.0.0.0/8')));
  t.ok(overlaps(range('10.208.0.0/12'), '10.213.0.0/16'));
  t.notOk(overlaps(range('10.212.0.0/16'), '10.213.0.0/16'));
  t.end();
});
