// What stands before a pool.
import t from 'tap';
import { FULL_FLEET, fleetOf } from './support/fleets.ts';
import { asList, asValues, block, one, synthesise } from './support/synthesised.ts';

const full = synthesise(fleetOf(FULL_FLEET));

t.test(
  'network balancer: 80 and 443 of a reserved address, over the groups of all zones, probed for readiness',
  (t) => {
    t.match(one(full.of('compute_forwarding_rule'), 'pool-web_balancer_rule'), {
      ip_address: '${google_compute_address.pool-web_balancer_address.id}',
      ports: ['80', '443'],
      load_balancing_scheme: 'EXTERNAL',
    });
    const backend = one(full.of('compute_region_backend_service'), 'pool-web_balancer_backend');
    t.match(backend, {
      protocol: 'TCP',
      health_checks: ['${google_compute_region_health_check.pool-web_balancer_probe.id}'],
      connection_draining_timeout_sec: 60,
    });
    t.same(
      asList(backend['backend']).map((one) => asValues(one)['group']),
      [
        '${google_compute_instance_group_manager.pool-web_group_europe-west4-a.instance_group}',
        '${google_compute_instance_group_manager.pool-web_group_europe-west4-b.instance_group}',
      ],
    );
    t.match(one(full.of('compute_region_health_check'), 'pool-web_balancer_probe'), {
      http_health_check: { port: 7412, request_path: '/.longshore/ready' },
    });
    t.end();
  },
);

t.test('network balancer: takes machines of their own through a group that is not managed', (t) => {
  const group = one(full.of('compute_instance_group'), 'pool-pair_group_europe-west4-b');
  t.same(group['instances'], [
    '${google_compute_instance.pool-pair_single_europe-west4-b-1.self_link}',
    '${google_compute_instance.pool-pair_single_europe-west4-b-2.self_link}',
  ]);
  const backend = one(full.of('compute_region_backend_service'), 'pool-pair_balancer_backend');
  t.match(block(backend, 'backend'), { group: '${google_compute_instance_group.pool-pair_group_europe-west4-b.id}' });
  t.end();
});

t.test('web balancer: TLS with a managed certificate, plain HTTP sent over, all of the newer scheme', (t) => {
  const certificates = full.of('compute_managed_ssl_certificate');
  t.same([...certificates.values()].map(({ managed }) => asValues(managed)['domains']).sort(), [
    ['example.com'],
    ['www.example.com'],
  ]);
  for (const [, certificate] of certificates) t.match(certificate, { lifecycle: { create_before_destroy: true } });
  const rules = full.of('compute_global_forwarding_rule');
  t.match(one(rules, 'pool-site_web_rule-443'), {
    port_range: '443',
    target: '${google_compute_target_https_proxy.pool-site_web_secure.id}',
  });
  t.match(one(rules, 'pool-site_web_rule-80'), {
    port_range: '80',
    target: '${google_compute_target_http_proxy.pool-site_web_plain.id}',
  });
  t.match(block(one(full.of('compute_url_map'), 'pool-site_web_to-tls'), 'default_url_redirect'), {
    https_redirect: true,
  });
  const backend = one(full.of('compute_backend_service'), 'pool-site_web_backend');
  t.match(backend, { protocol: 'HTTP', port_name: 'http', timeout_sec: 3600 });
  for (const [name, values] of [...rules, ['backend', backend] as const])
    t.equal(values['load_balancing_scheme'], 'EXTERNAL_MANAGED', name);
  t.match(one(full.of('compute_ssl_policy'), 'pool-site_web_tls'), { min_tls_version: 'TLS_1_2' });
  t.end();
});

t.test('web balancer: an edit of the names leaves the certificates of the others as they are', (t) => {
  const certificates = (text: string): readonly string[] =>
    [...synthesise(fleetOf(text)).of('compute_managed_ssl_certificate')].map((found) => JSON.stringify(found));
  const before = certificates(FULL_FLEET);
  const after = certificates(FULL_FLEET.replace('[www.example.com, example.com]', '[shop.example.com, example.com]'));
  t.equal(after.filter((certificate) => before.includes(certificate)).length, 1);
  t.equal(after.length, 2);
  t.end();
});

t.test('web balancer: the certificate of several names, as it was made before, beside those of each', (t) => {
  const text = FULL_FLEET.replace(
    '[www.example.com, example.com]',
    '[www.example.com], former_domains: [www.example.com]',
  );
  const { of } = synthesise(fleetOf(text));
  const former = one(of('compute_managed_ssl_certificate'), 'pool-site_web_certificate');
  t.match(former, { name: 'shop-site-80fc0fb9', managed: { domains: ['www.example.com'] } });
  const proxy = one(of('compute_target_https_proxy'), 'pool-site_web_secure');
  t.equal(asList(proxy['ssl_certificates']).length, 2);
  t.equal(new Set([...of('compute_managed_ssl_certificate').values()].map(({ name }) => name)).size, 2);
  t.end();
});

t.test('no ingress: no address and no balancer', (t) => {
  const of = [...full.resources.keys()].filter((address) => address.includes('.pool-work_'));
  t.same(of.sort(), [
    'google_compute_instance_group_manager.pool-work_group_europe-west4-b',
    'google_compute_instance_template.pool-work_of_template',
  ]);
  t.end();
});
