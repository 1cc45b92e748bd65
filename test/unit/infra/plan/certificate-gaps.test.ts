import t from 'tap';
import { LongshoreError } from '../../../../fleet/errors.ts';
import { refuseCertificateGaps } from '../../../../infra/plan/certificate-gaps.ts';
import { parsePlan } from '../../../../infra/plan/plan-json.ts';

type Facts = readonly [
  action: 'create' | 'delete' | 'no-op',
  name: string,
  domains: readonly string[],
  active: boolean,
];

/** What is refused: `CERTIFICATE: message`. */
function gaps(...certificates: readonly Facts[]): readonly string[] {
  const changes = certificates.map(([action, name, domains, active]) => {
    const values = { name, managed: [{ domains }], expire_time: active ? '2026-12-01T00:00:00Z' : '' };
    return {
      address: `google_compute_managed_ssl_certificate.${name}`,
      type: 'google_compute_managed_ssl_certificate',
      name,
      change: {
        actions: [action],
        before: action === 'create' ? null : values,
        after: action === 'delete' ? null : { ...values, expire_time: undefined },
      },
    };
  });
  try {
    refuseCertificateGaps(parsePlan(JSON.stringify({ resource_changes: changes })));
    return [];
  } catch (error) {
    if (!(error instanceof LongshoreError) || error.problem.code !== 'INFRA_UNREADY') throw error;
    return error.problem.details.map(({ path, message }) => `${path}: ${message}`);
  }
}

t.test('certificates: the only active one of a name stays until there is another', (t) => {
  t.match(gaps(['delete', 'old', ['a.com', 'b.com'], true], ['create', 'new', ['a.com'], false]), [
    /^old: is the only active certificate of a\.com \(its names: a\.com, b\.com\)$/,
  ]);
  t.match(
    gaps(['delete', 'old', ['a.com'], true], ['no-op', 'new', ['a.com'], false]),
    [/a\.com/],
    'Google is still at it',
  );
  t.end();
});

t.test('certificates: no gap where another is active, the name is no longer wanted, or none ever was active', (t) => {
  t.same(gaps(['delete', 'old', ['a.com'], true], ['no-op', 'new', ['a.com'], true]), []);
  t.same(gaps(['delete', 'old', ['a.com'], true], ['create', 'new', ['b.com'], false]), []);
  t.same(gaps(['delete', 'old', ['a.com'], false], ['create', 'new', ['a.com'], false]), []);
  t.same(gaps(['create', 'new', ['a.com'], false]), []);
  t.end();
});
