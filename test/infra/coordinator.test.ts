// The coordinator's machine and what outlives it.
import t from 'tap';
import { FULL_FLEET, fleetOf, SMALL_FLEET } from './support/fleets.ts';
import { asValues, block, one, synthesise } from './support/synthesised.ts';

const full = synthesise(fleetOf(FULL_FLEET));
const small = synthesise(fleetOf(SMALL_FLEET));
const machine = one(full.of('compute_instance'), 'coordinator_machine');

t.test('addresses: reserved, the internal one inside the subnet; the machine has both', (t) => {
  t.match(one(full.of('compute_address'), 'coordinator-address_internal'), {
    address: '10.80.0.10',
    address_type: 'INTERNAL',
    subnetwork: '${google_compute_subnetwork.network_europe-west4.id}',
  });
  t.match(block(machine, 'network_interface'), {
    network_ip: '${google_compute_address.coordinator-address_internal.address}',
    access_config: [{ nat_ip: '${google_compute_address.coordinator-address_public.address}' }],
  });
  t.end();
});

t.test('data disk: its own, attached by name, snapshots daily that outlive it', (t) => {
  t.match(block(machine, 'attached_disk'), {
    source: '${google_compute_disk.coordinator-disk_data.self_link}',
    device_name: 'longshore-data',
  });
  const policy = block(one(full.of('compute_resource_policy'), 'coordinator-disk_daily'), 'snapshot_schedule_policy');
  t.same(block(policy, 'retention_policy'), {
    max_retention_days: 14,
    on_source_disk_delete: 'KEEP_AUTO_SNAPSHOTS',
  });
  t.match(one(full.of('compute_disk_resource_policy_attachment'), 'coordinator-disk_scheduled'), {
    disk: '${google_compute_disk.coordinator-disk_data.name}',
    name: '${google_compute_resource_policy.coordinator-disk_daily.name}',
  });
  t.end();
});

t.test('data disk: from a snapshot it is another disk, protected as the first one', (t) => {
  const text = SMALL_FLEET.replace('pools:', 'coordinator: { zone: europe-west4-c, data_snapshot: monday }\npools:');
  const moved = synthesise(fleetOf(text));
  const disk = one(moved.of('compute_disk'), 'coordinator-disk_data-from-monday');
  t.match(disk, {
    name: /^demo-coordinator-data-[0-9a-f]{8}$/,
    zone: 'europe-west4-c',
    snapshot: 'monday',
    lifecycle: { prevent_destroy: true, create_before_destroy: true },
  });
  t.notOk(moved.of('compute_disk').has('coordinator-disk_data'));
  t.match(block(one(moved.of('compute_instance'), 'coordinator_machine'), 'attached_disk'), {
    source: '${google_compute_disk.coordinator-disk_data-from-monday.self_link}',
  });
  t.end();
});

t.test('snapshots: when, where and how long is the file’s to say, for volumes too', (t) => {
  const text = FULL_FLEET.replace(
    'pools:',
    'snapshots: { every_hours: 6, start: "01:00", days: 30, location: eu }\npools:',
  ).replace('location: eu', 'location: europe');
  const { of, resources } = synthesise(fleetOf(text));
  for (const name of ['coordinator-disk_daily', 'pool-web_snapshots_daily', 'pool-edge_snapshots_daily'])
    t.match(block(one(of('compute_resource_policy'), name), 'snapshot_schedule_policy'), {
      schedule: { hourly_schedule: { hours_in_cycle: 6, start_time: '01:00' } },
      retention_policy: { max_retention_days: 30 },
      snapshot_properties: { storage_locations: ['europe'] },
    });
  t.match(one(of('compute_disk_resource_policy_attachment'), 'pool-edge_single_europe-west4-b-1-volumes-scheduled'), {
    name: '${google_compute_resource_policy.pool-edge_snapshots_daily.name}',
    disk: '${google_compute_disk.pool-edge_single_europe-west4-b-1-volumes.name}',
  });
  t.match(asValues(resources.get('google_compute_instance_template.pool-web_of_template'))['disk'], [
    {},
    { resource_policies: ['${google_compute_resource_policy.pool-web_snapshots_daily.name}'] },
  ]);
  const volumes = synthesise(
    fleetOf(
      FULL_FLEET.replace(
        'volumes_disk_gb: 10',
        'volumes_disk_gb: 10\n    volumes_snapshots: { europe-west4-b-1: old }',
      ),
    ),
  );
  t.match(one(volumes.of('compute_disk'), 'pool-edge_single_europe-west4-b-1-volumes-from-old'), { snapshot: 'old' });
  t.end();
});

t.test('protection: disks, database and the key of all secrets, never an instance; gone with protect: false', (t) => {
  const loose = synthesise(fleetOf(`${FULL_FLEET}\nprotect: false\n`));
  const prevented = (synthesised: typeof full): string[] =>
    [...synthesised.resources]
      .filter(([, values]) => asValues(values['lifecycle'])['prevent_destroy'] === true)
      .map(([address]) => address)
      .sort();
  t.same(prevented(full), [
    'google_artifact_registry_repository.registry_repository',
    'google_compute_disk.coordinator-disk_data',
    'google_compute_disk.pool-edge_single_europe-west4-b-1-volumes',
    'google_redis_instance.cache_redis',
    'google_secret_manager_secret.secret_secrets-key',
    'google_storage_bucket.programs_bucket',
  ]);
  t.same(prevented(loose), []);
  for (const [synthesised, expected] of [
    [full, true],
    [loose, false],
  ] as const) {
    const sql = one(synthesised.of('sql_database_instance'), 'database_postgres');
    t.equal(sql['deletion_protection'], expected);
    t.equal(block(sql, 'settings')['deletion_protection_enabled'], expected);
    for (const [name, instance] of synthesised.of('compute_instance'))
      t.equal(instance['deletion_protection'], false, name);
  }
  t.end();
});

t.test('metadata: where it is, and where its secrets and files are', (t) => {
  t.match(machine['metadata'], {
    'startup-script': '${local.startup_coordinator}',
    'longshore-bucket': '${google_storage_bucket.programs_bucket.name}',
    'longshore-internal-address': '10.80.0.10',
    'longshore-public-address': '${google_compute_address.coordinator-address_public.address}',
    'longshore-secret-prefix': 'shop-longshore',
    'longshore-database': '${google_sql_database_instance.database_postgres.name}',
    'longshore-domain': 'ship.example.com',
    'longshore-acme-email': 'ops@example.com',
  });
  const plain = asValues(one(small.of('compute_instance'), 'coordinator_machine')['metadata']);
  t.notOk('longshore-domain' in plain);
  t.notOk('longshore-database' in plain);
  t.end();
});

t.test('its first boot finds what it needs: objects, rules, roles', (t) => {
  const after = machine['depends_on'];
  for (const address of [
    'google_compute_firewall.firewall_coordinator',
    'google_storage_bucket_object.programs_coordinator-x64-channel',
    'google_storage_bucket_object.record_manifest',
    'google_storage_bucket_iam_member.bucket-access-coordinator_publish-root',
    'google_secret_manager_secret_iam_member.secret_secrets-key-add',
    'google_project_iam_member.coordinator-sees-machines',
    'google_sql_database.database_database',
    'google_project_iam_member.database_may-make-its-user',
    'google_secret_manager_secret_iam_member.secret_database-password-add',
    'google_secret_manager_secret_iam_member.secret_database-password-read',
  ])
    t.ok(Array.isArray(after) && after.includes(address), address);
  t.end();
});

t.test('name: an A record in a zone that is there, only where one is named', (t) => {
  t.match(one(full.of('dns_record_set'), 'coordinator-name_record'), {
    managed_zone: 'example',
    name: 'ship.example.com.',
    type: 'A',
    rrdatas: ['${google_compute_address.coordinator-address_public.address}'],
  });
  t.equal(small.of('dns_record_set').size, 0);
  t.end();
});

t.test('standby: a machine of its own in another zone, with the same account and database', (t) => {
  const two = synthesise(fleetOf(FULL_FLEET.replace('coordinator:', 'coordinator:\n  count: 2')));
  const second = one(two.of('compute_instance'), 'standby_instance_machine');
  t.match(second, {
    name: 'shop-coordinator-2',
    zone: 'europe-west4-a',
    service_account: { email: '${google_service_account.account-coordinator_account.email}' },
    metadata: {
      'longshore-standby': 'yes',
      'longshore-internal-address': '10.80.15.253',
      'longshore-public-address': '${google_compute_address.standby_address_public.address}',
      'longshore-database': '${google_sql_database_instance.database_postgres.name}',
      'longshore-secret-prefix': 'shop-longshore',
    },
  });
  t.notOk('longshore-domain' in asValues(second['metadata']), 'the name is the first one’s');
  t.notOk('longshore-standby' in asValues(one(two.of('compute_instance'), 'coordinator_machine')['metadata']));
  t.match(one(two.of('compute_disk'), 'standby_data'), { name: 'shop-coordinator-2-data', zone: 'europe-west4-a' });
  t.match(one(two.of('storage_bucket_object'), 'programs_coordinators-channel'), {
    name: 'channels/coordinators',
    content: 'wss://10.80.0.10,wss://10.80.15.253\n',
  });
  t.equal(two.of('monitoring_uptime_check_config').size, 2);
  t.match(two.document['output'], {
    coordinator_url: {
      value: 'https://ship.example.com,https://${google_compute_address.standby_address_public.address}',
    },
    standby_address: { value: '${google_compute_address.standby_address_public.address}' },
  });
  t.end();
});

t.test('standby: it adds to a fleet, and changes no machine and no template of it', (t) => {
  const two = synthesise(fleetOf(FULL_FLEET.replace('coordinator:', 'coordinator:\n  count: 2')));
  const changed = [...full.resources].filter(
    ([address, values]) => JSON.stringify(values) !== JSON.stringify(two.resources.get(address)),
  );
  t.same(
    changed.map(([address]) => address),
    ['google_storage_bucket_object.programs_coordinators-channel'],
  );
  t.end();
});

t.test('standby: zone and name are the file’s to say; without a public address there is a tunnel to each', (t) => {
  const named = synthesise(
    fleetOf(
      FULL_FLEET.replace(
        'coordinator:',
        'coordinator:\n  count: 2\n  standby_zone: europe-west4-c\n  standby_domain: ship-b.example.com',
      ),
    ),
  );
  t.match(one(named.of('compute_instance'), 'standby_instance_machine'), {
    zone: 'europe-west4-c',
    metadata: { 'longshore-domain': 'ship-b.example.com' },
  });
  t.match(one(named.of('dns_record_set'), 'standby-name_record'), { name: 'ship-b.example.com.' });
  const hidden = synthesise(fleetOf(`${SMALL_FLEET}coordinator: { count: 2, public: false, cloud_sql: {} }\n`));
  t.match(hidden.document['output'], {
    coordinator_url: { value: 'https://10.64.0.10,https://10.64.15.253' },
    coordinator_tunnel_command: { value: /demo-coordinator 443 --local-host-port=127\.0\.0\.1:8443/ },
    standby_tunnel_command: { value: /demo-coordinator-2 443 --local-host-port=127\.0\.0\.1:8444/ },
  });
  t.end();
});

t.test('outputs: URL, addresses, registry, and how to get the first token instead of the token', (t) => {
  t.same(full.document['output'], {
    coordinator_url: { value: 'https://ship.example.com' },
    coordinator_address: { value: '${google_compute_address.coordinator-address_public.address}' },
    pool_addresses: {
      value: {
        web: '${google_compute_address.pool-web_balancer_address.address}',
        site: '${google_compute_global_address.pool-site_web_address.address}',
        edge: '${google_compute_address.pool-edge_single_address.address}',
        pair: '${google_compute_address.pool-pair_balancer_address.address}',
      },
    },
    memorystore_address: {
      value: '${google_redis_instance.cache_redis.host}:${google_redis_instance.cache_redis.port}',
    },
    registry: { value: 'europe-west4-docker.pkg.dev/some-project/shop' },
    first_token_command: {
      value: 'gcloud secrets versions access latest --secret=shop-longshore-admin-token --project=some-project',
    },
  });
  t.match(small.document['output'], {
    coordinator_url: { value: 'https://${google_compute_address.coordinator-address_public.address}' },
  });
  t.end();
});
