// What a fleet may have beside its machines: database, cache, monitoring, logs.
import t from 'tap';
import { FULL_FLEET, fleetOf, SMALL_FLEET } from './support/fleets.ts';
import { asList, asValues, block, one, synthesise } from './support/synthesised.ts';

const full = synthesise(fleetOf(FULL_FLEET));
const small = synthesise(fleetOf(SMALL_FLEET));

t.test('a small fleet has none of it, nor the services of it', (t) => {
  for (const type of [
    'sql_database_instance',
    'redis_instance',
    'service_networking_connection',
    'logging_project_sink',
  ])
    t.equal(small.of(type).size, 0, type);
  t.same(
    [...small.of('project_service').values()].map((service) => service['service']).sort(),
    ['artifactregistry', 'cloudresourcemanager', 'compute', 'iam', 'secretmanager', 'storage'].map(
      (name) => `${name}.googleapis.com`,
    ),
  );
  t.end();
});

t.test('services: the ones in use, and they stay enabled when the fleet goes', (t) => {
  const services = full.of('project_service');
  for (const name of ['dns', 'iap', 'logging', 'monitoring', 'oslogin', 'redis', 'servicenetworking', 'sqladmin'])
    t.equal(one(services, `service_${name}`)['service'], `${name}.googleapis.com`);
  for (const [name, service] of services) t.equal(service['disable_on_destroy'], false, name);
  t.end();
});

t.test('Cloud SQL: a private address in the part of the range that no subnet is cut from, backups, no user', (t) => {
  const settings = block(one(full.of('sql_database_instance'), 'database_postgres'), 'settings');
  t.match(settings, { availability_type: 'REGIONAL', tier: 'db-g1-small', disk_size: 10 });
  t.match(block(settings, 'ip_configuration'), {
    ipv4_enabled: false,
    ssl_mode: 'ENCRYPTED_ONLY',
    server_ca_mode: 'GOOGLE_MANAGED_INTERNAL_CA',
    private_network: '${google_compute_network.network_vpc.id}',
  });
  t.match(block(settings, 'backup_configuration'), { enabled: true, point_in_time_recovery_enabled: true });
  t.match(one(full.of('compute_global_address'), 'managed_range'), { address: '10.80.240.0', prefix_length: 20 });
  const role = one(full.of('project_iam_custom_role'), 'database_user-maker');
  t.same(role['permissions'], [
    'cloudsql.instances.get',
    'cloudsql.users.create',
    'cloudsql.users.list',
    'cloudsql.users.update',
  ]);
  t.match(
    block(one(full.of('project_iam_member'), 'database_may-make-its-user'), 'condition')['expression'],
    'resource.name == "projects/some-project/instances/shop-coordinator"',
  );
  t.end();
});

t.test('managed services: their connection does not hold up the end of the fleet, nor their return', (t) => {
  t.match(one(full.of('service_networking_connection'), 'managed_connection'), {
    deletion_policy: 'ABANDON',
    update_on_creation_fail: true,
  });
  t.end();
});

t.test('Memorystore: inside of the fleet’s network', (t) => {
  t.match(one(full.of('redis_instance'), 'cache_redis'), {
    memory_size_gb: 2,
    tier: 'STANDARD_HA',
    connect_mode: 'PRIVATE_SERVICE_ACCESS',
    authorized_network: '${google_compute_network.network_vpc.id}',
    depends_on: ['google_service_networking_connection.managed_connection'],
  });
  t.end();
});

t.test('monitoring: asks the coordinator from outside, and mails', (t) => {
  const check = one(full.of('monitoring_uptime_check_config'), 'watch_uptime');
  t.match(block(check, 'http_check'), { path: '/healthz', use_ssl: true, validate_ssl: true });
  t.match(block(check, 'monitored_resource'), { labels: { host: 'ship.example.com' } });
  t.match(one(full.of('monitoring_alert_policy'), 'watch_down'), {
    notification_channels: ['${google_monitoring_notification_channel.watch_mail.name}'],
  });
  t.match(one(full.of('monitoring_notification_channel'), 'watch_mail'), {
    labels: { email_address: 'ops@example.com' },
  });
  t.end();
});

t.test('monitoring: an address without a name has the coordinator’s own certificate', (t) => {
  const fleet = fleetOf(`${SMALL_FLEET}\nmonitoring: {}\n`);
  const check = one(synthesise(fleet).of('monitoring_uptime_check_config'), 'watch_uptime');
  t.equal(block(check, 'http_check')['validate_ssl'], false);
  t.end();
});

t.test('logs: kept for as long as asked for, and machines then send what their consoles say', (t) => {
  t.equal(one(full.of('logging_project_bucket_config'), 'logs_bucket')['retention_days'], 90);
  t.match(one(full.of('logging_project_sink'), 'logs_sink'), {
    destination: 'logging.googleapis.com/${google_logging_project_bucket_config.logs_bucket.id}',
    unique_writer_identity: true,
  });
  const metadata = (synthesised: typeof full, address: string): Readonly<Record<string, unknown>> =>
    asValues(synthesised.resources.get(address)?.['metadata']);
  const template = 'google_compute_instance_template.pool-web_of_template';
  t.equal(metadata(full, template)['serial-port-logging-enable'], 'TRUE');
  t.notOk('serial-port-logging-enable' in metadata(small, template));
  t.end();
});

t.test('Cloud SQL: logs who comes and goes and what waits, never the text of statements', (t) => {
  const flags = asList(block(one(full.of('sql_database_instance'), 'database_postgres'), 'settings')['database_flags']);
  t.same(Object.fromEntries(flags.map((flag) => [asValues(flag)['name'], asValues(flag)['value']])), {
    log_checkpoints: 'on',
    log_connections: 'on',
    log_disconnections: 'on',
    log_lock_waits: 'on',
    log_min_duration_statement: '-1',
    log_temp_files: '0',
  });
  t.end();
});

t.test('flow logs: only where they are asked for, since they cost by traffic', (t) => {
  const logged = synthesise(fleetOf(`${SMALL_FLEET}network: { flow_logs: true }\n`));
  t.match(block(one(logged.of('compute_subnetwork'), 'network_europe-west4'), 'log_config'), {
    aggregation_interval: 'INTERVAL_10_MIN',
    flow_sampling: 0.5,
  });
  t.notOk('log_config' in one(small.of('compute_subnetwork'), 'network_europe-west4'));
  t.end();
});

t.test('Memorystore: a password and TLS where they are asked for, and outputs say how to get them', (t) => {
  const cache = (memorystore: string): typeof full =>
    synthesise(fleetOf(`${SMALL_FLEET}memorystore: ${memorystore}\n`));
  const safe = cache('{ tls: true, auth: true }');
  t.match(one(safe.of('redis_instance'), 'cache_redis'), {
    auth_enabled: true,
    transit_encryption_mode: 'SERVER_AUTHENTICATION',
  });
  t.match(safe.document['output'], {
    memorystore_address: { value: /^\$\{google_redis_instance\.cache_redis\.host\}:\$\{/ },
    memorystore_auth_command: { value: /get-auth-string demo --region=europe-west4/ },
    memorystore_ca_command: { value: /describe demo --region=europe-west4/ },
  });
  t.notMatch(safe.text, /auth_string/, 'the password is in no output');
  const plain = cache('{}');
  t.match(one(plain.of('redis_instance'), 'cache_redis'), { auth_enabled: false, transit_encryption_mode: 'DISABLED' });
  t.notOk('memorystore_auth_command' in asValues(plain.document['output']));
  t.end();
});

t.test('a key of the person’s own encrypts everything that takes one', (t) => {
  const key = 'projects/p-1/locations/europe-west4/keyRings/r/cryptoKeys/k';
  const text = FULL_FLEET.replace('regions: [europe-west4, us-central1]\n', '')
    .replace('    region: us-central1\n', '')
    .replace('coordinator:', `kms_key: ${key}\ncoordinator:\n  count: 2`);
  const { resources } = synthesise(fleetOf(text));
  const holders =
    /^google_(compute_disk|compute_instance|compute_instance_template|sql_database_instance|redis_instance|storage_bucket|artifact_registry_repository)\./;
  const found = [...resources].filter(([address]) => holders.test(address));
  t.ok(found.length > 12);
  for (const [address, values] of found) {
    const keys = JSON.stringify(values).split(key).length - 1;
    const disks = asList(values['disk']).length;
    const attached = asList(values['attached_disk']).length;
    const own = address.startsWith('google_compute_instance.')
      ? 1 + attached
      : address.includes('_template.')
        ? disks
        : 1;
    t.equal(keys, own, address);
  }
  for (const [address, values] of full.resources)
    t.notMatch(JSON.stringify(values), /kms_key|customer_managed/, address);
  t.end();
});
