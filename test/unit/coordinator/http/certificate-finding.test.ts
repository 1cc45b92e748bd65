import t from 'tap';
import { certificateFinding, expiryFinding } from '../../../../coordinator/http/certificate-finding.ts';

const validTo = 'Dec 31 12:00:00 2030 GMT';
const before = (days: number): number => Date.parse(validTo) - days * 24 * 3_600_000;

t.test('certificate: until when, and a warning two weeks before', async (t) => {
  t.same(expiryFinding('/c.pem', validTo, before(60)), {
    name: 'certificate',
    ok: true,
    text: '/c.pem is valid until 2030-12-31 (60 days)',
  });
  t.match(expiryFinding('/c.pem', validTo, before(13.5)), { ok: false, text: /\(13 days\); renew it$/ });
  t.match(expiryFinding('/c.pem', validTo, before(-0.5)), { ok: false, text: /expired on 2030-12-31/ });
  t.match(await certificateFinding('/does/not/exist.pem', 0), { ok: false, text: /cannot be read/ });
});
