import t from 'tap';
import { isIpAddress, parsePortRange, parsePortText } from '../../../../compose/values/port-text.ts';

t.test('parsePortText: every short form', (t) => {
  const tcp = { hostIp: null, host: null, protocol: 'tcp' };
  t.strictSame(parsePortText('80'), { ...tcp, container: { from: 80, to: 80 } });
  t.strictSame(parsePortText('8080:80/udp'), {
    hostIp: null,
    host: { from: 8080, to: 8080 },
    container: { from: 80, to: 80 },
    protocol: 'udp',
  });
  t.strictSame(parsePortText('3000-3005'), { ...tcp, container: { from: 3000, to: 3005 } });
  t.strictSame(parsePortText('127.0.0.1:8080:80'), {
    hostIp: '127.0.0.1',
    host: { from: 8080, to: 8080 },
    container: { from: 80, to: 80 },
    protocol: 'tcp',
  });
  t.strictSame(parsePortText('127.0.0.1::80'), { ...tcp, hostIp: '127.0.0.1', container: { from: 80, to: 80 } });
  t.strictSame(parsePortText('[::1]:8080:80'), {
    hostIp: '::1',
    host: { from: 8080, to: 8080 },
    container: { from: 80, to: 80 },
    protocol: 'tcp',
  });
  t.end();
});

t.test('parsePortText: refuses what is no port', (t) => {
  for (const text of [
    '',
    'http',
    '0',
    '65536',
    '1:2:3',
    '80:',
    '127.0.0.1:80',
    '80-70',
    '1.2.3.256:1:1',
    '80/tcp/udp',
    '-1',
  ])
    t.equal(parsePortText(text), null, text);
  t.equal(parsePortRange('80-'), null);
  t.ok(isIpAddress('10.0.0.1'));
  t.notOk(isIpAddress('host'));
  t.end();
});
