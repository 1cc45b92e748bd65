// What keeps one configuration valid on the Google provider from 6.50 to 8, and safe to apply from nothing.
import t from 'tap';
import { FULL_FLEET, fleetOf, SMALL_FLEET } from './support/fleets.ts';
import { asList, asValues, synthesise, type Values } from './support/synthesised.ts';

const both = [FULL_FLEET, SMALL_FLEET].map((text) => synthesise(fleetOf(text)));

t.test('provider: a range of versions instead of the one that the binding was made from', (t) => {
  for (const { document } of both) {
    const required = asValues(asValues(asValues(document['terraform'])['required_providers'])['google']);
    t.same(required, { source: 'google', version: '>= 6.50.0, < 9.0.0' });
  }
  t.end();
});

t.test('arguments that one of the versions does not know, or that came and went, are never written', (t) => {
  const never = new Set([
    'secret_data_wo_version',
    'on_failed_health_check',
    'database_roles',
    'enable_flow_logs',
    'deletion_policy',
  ]);
  const found = both.flatMap(({ resources }) =>
    [...resources].flatMap(([address, values]) => {
      const keys = keysOf(values);
      // This one has it in all of them.
      if (address.startsWith('google_service_networking_connection.')) return [];
      const onRedis = address.startsWith('google_redis_') && keys.includes('deletion_protection');
      return [...keys.filter((key) => never.has(key)), ...(onRedis ? ['deletion_protection'] : [])].map(
        (key) => `${address} ${key}`,
      );
    }),
  );
  t.same(found, []);
  t.end();
});

t.test('arguments whose default changed between the versions are always written', (t) => {
  const always: Readonly<Record<string, readonly string[]>> = {
    google_project_service: ['disable_on_destroy'],
    google_compute_backend_service: ['load_balancing_scheme'],
    google_compute_region_backend_service: ['load_balancing_scheme'],
    google_compute_forwarding_rule: ['load_balancing_scheme'],
    google_compute_global_forwarding_rule: ['load_balancing_scheme'],
    google_sql_database_instance: ['deletion_protection'],
    google_compute_instance: ['deletion_protection', 'allow_stopping_for_update'],
    google_storage_bucket: ['force_destroy'],
  };
  const lacking = both.flatMap(({ resources }) =>
    [...resources].flatMap(([address, values]) =>
      (always[address.replace(/\..*$/, '')] ?? []).filter((key) => !(key in values)).map((key) => `${address} ${key}`),
    ),
  );
  t.same(lacking, []);
  t.end();
});

t.test('nothing is looked up: no data source, and no state of another', (t) => {
  for (const { document } of both) t.equal(document['data'], undefined);
  t.end();
});

t.test('no run of a program: what Terraform makes it can also take back', (t) => {
  for (const { resources } of both)
    for (const [address, values] of resources) {
      t.equal(values['provisioner'], undefined, address);
      t.match(address, /^google_/);
    }
  t.end();
});

t.test('services: everything waits for them, by itself or by what it uses', (t) => {
  for (const { resources } of both) {
    const waits = (address: string, seen: Set<string>): boolean => {
      if (address.startsWith('google_project_service.')) return true;
      if (seen.has(address)) return false;
      seen.add(address);
      return usedBy(resources, address).some((used) => waits(used, seen));
    };
    for (const address of resources.keys()) t.ok(waits(address, new Set()), address);
  }
  t.end();
});

t.test('labels: on everything, from the fleet file, with the fleet’s name', (t) => {
  const [full] = both;
  const provider = asValues(asList(asValues(full?.document['provider'])['google'])[0]);
  t.same(provider['default_labels'], { team: 'web', longshore_fleet: 'shop' });
  t.end();
});

t.test('names: within what Google takes', (t) => {
  const limits: Readonly<Record<string, number>> = { google_service_account: 30 };
  for (const { resources } of both)
    for (const [address, values] of resources) {
      const type = address.replace(/\..*$/, '');
      const name = values['account_id'] ?? values['name'];
      if (typeof name !== 'string' || !/^[a-z0-9-]+$/.test(name)) continue;
      t.ok(name.length <= (limits[type] ?? 63), `${address} ${name}`);
      t.match(name, /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/, address);
    }
  t.end();
});

t.test('addresses in Terraform: readable, and each resource has its own', (t) => {
  for (const { resources } of both)
    for (const address of resources.keys())
      t.match(address, /^[a-z_]+\.[a-z0-9-]+(?:_[a-z0-9-]+)*$/, 'names of the parts, without a hash');
  t.end();
});

/** At any depth. */
function keysOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(keysOf);
  return Object.entries(asValues(value)).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
}

/** What a resource refers to, in its arguments or by `depends_on`. */
function usedBy(resources: ReadonlyMap<string, Values>, address: string): readonly string[] {
  const values = resources.get(address) ?? {};
  const named = [...JSON.stringify(values).matchAll(/google_[a-z_]+\.[a-z0-9_-]+/g)].map(([name]) => name);
  return [...resources.keys()].filter((other) => other !== address && named.includes(other));
}
