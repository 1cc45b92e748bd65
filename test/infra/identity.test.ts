// Who the machines are and what they may do: accounts, roles, the bucket, secrets.
import t from 'tap';
import { FULL_FLEET, fleetOf, SMALL_FLEET } from './support/fleets.ts';
import { asList, asValues, block, one, synthesise, type Values } from './support/synthesised.ts';

const full = synthesise(fleetOf(FULL_FLEET));
const small = synthesise(fleetOf(SMALL_FLEET));
const POOLS = ['web', 'site', 'edge', 'pair', 'work'];

t.test('accounts: one per pool and one for the coordinator, each on its own machines only', (t) => {
  const accounts = full.of('service_account');
  t.same([...accounts.keys()].sort(), ['coordinator', ...POOLS].map((name) => `account-${name}_account`).sort());
  t.equal(one(accounts, 'account-web_account')['account_id'], 'ls-shop-web');
  t.equal(one(accounts, 'account-coordinator_account')['account_id'], 'ls-shop-coord');
  for (const [address, values] of full.resources) {
    if (!/^google_compute_instance(_template)?\./.test(address)) continue;
    const owner = /\.(?:pool-)?([a-z]+)/.exec(address)?.[1] ?? '';
    t.match(
      block(values, 'service_account'),
      {
        email: `\${google_service_account.account-${owner}_account.email}`,
        scopes: ['https://www.googleapis.com/auth/cloud-platform'],
      },
      address,
    );
  }
  t.end();
});

t.test('roles: a host reads programs, channels and the root in the bucket, pulls images, and nothing else', (t) => {
  const granted = grants(full.resources).filter(({ member }) => member === accountMember('web'));
  t.same(
    granted.map(({ role, on }) => `${on} ${role}`),
    [
      'google_artifact_registry_repository roles/artifactregistry.reader',
      'google_storage_bucket roles/storage.objectViewer',
    ],
  );
  const condition = granted.find(({ on }) => on === 'google_storage_bucket')?.condition ?? '';
  for (const folder of ['programs', 'channels', 'ca'])
    t.match(condition, `projects/_/buckets/\${google_storage_bucket.programs_bucket.name}/objects/${folder}/`);
  t.equal(condition.split('||').length, 3);
  t.end();
});

t.test('roles: the coordinator’s, whole', (t) => {
  const granted = grants(full.resources).filter(({ member }) => member === accountMember('coordinator'));
  t.same(granted.map(({ role, on }) => `${on} ${role}`).sort(), [
    'google_artifact_registry_repository roles/artifactregistry.repoAdmin',
    'google_project ${google_project_iam_custom_role.database_user-maker.name}',
    'google_project roles/compute.viewer',
    'google_secret_manager_secret roles/secretmanager.secretAccessor',
    'google_secret_manager_secret roles/secretmanager.secretAccessor',
    'google_secret_manager_secret roles/secretmanager.secretAccessor',
    'google_secret_manager_secret roles/secretmanager.secretVersionAdder',
    'google_secret_manager_secret roles/secretmanager.secretVersionAdder',
    'google_secret_manager_secret roles/secretmanager.secretVersionAdder',
    'google_storage_bucket roles/storage.objectUser',
    'google_storage_bucket roles/storage.objectViewer',
  ]);
  const writes = granted.find(({ role }) => role === 'roles/storage.objectUser');
  t.equal(
    writes?.condition,
    'resource.name.startsWith("projects/_/buckets/${google_storage_bucket.programs_bucket.name}/objects/ca/")',
  );
  t.end();
});

t.test('roles: nobody gets a basic role, and none is taken from others', (t) => {
  for (const { address, role } of grants(full.resources)) {
    t.notMatch(role, /^roles\/(owner|editor|viewer)$/, address);
    t.match(address, /_iam_member\./, 'members are added; a binding or policy would take the role from others');
  }
  for (const address of full.resources.keys()) t.notMatch(address, /_iam_(binding|policy)\./);
  t.end();
});

t.test('secrets: places without versions, and no password anywhere', (t) => {
  t.same([...small.of('secret_manager_secret').keys()].sort(), ['secret_admin-token', 'secret_secrets-key']);
  t.match(one(full.of('secret_manager_secret'), 'secret_secrets-key'), {
    secret_id: 'shop-longshore-secrets-key',
    replication: { auto: {} },
  });
  t.equal(full.of('secret_manager_secret_version').size, 0);
  t.equal(full.of('sql_user').size, 0);
  t.equal(full.of('service_account_key').size, 0);
  const secret = /^(password|secret_data|auth_string|private_key|access_token)/;
  t.same(
    [...full.resources].flatMap(([address, values]) =>
      keysOf(values)
        .filter((key) => secret.test(key))
        .map((key) => `${address} ${key}`),
    ),
    [],
  );
  t.equal(one(full.of('redis_instance'), 'cache_redis')['auth_enabled'], false);
  t.end();
});

t.test('metadata: constants and addresses, no secret', (t) => {
  const known = new Set([
    'block-project-ssh-keys',
    'enable-oslogin',
    'longshore-acme-email',
    'longshore-bucket',
    'longshore-coordinator',
    'longshore-database',
    'longshore-domain',
    'longshore-drain-seconds',
    'longshore-health-listen',
    'longshore-internal-address',
    'longshore-metadata-access',
    'longshore-pool',
    'longshore-public-address',
    'longshore-secret-prefix',
    'longshore-trusted-proxies',
    'serial-port-enable',
    'serial-port-logging-enable',
    'ssh-keys',
    'startup-script',
  ]);
  for (const [address, values] of full.resources) {
    const metadata = asValues(values['metadata']);
    for (const key of Object.keys(metadata)) t.ok(known.has(key), `${address} ${key}`);
    t.notOk('metadata_startup_script' in values, address);
    if (Object.keys(metadata).length === 0) continue;
    t.equal(metadata['block-project-ssh-keys'], 'TRUE', address);
    t.equal(metadata['serial-port-enable'], 'FALSE', address);
    const byKey = 'ssh-keys' in metadata;
    t.equal(byKey, address.includes('pool-edge'), `${address}: the key is for the pool that asks for it`);
    t.equal(metadata['enable-oslogin'], byKey ? 'FALSE' : 'TRUE', address);
  }
  t.end();
});

t.test('credentials: by path, never by content, in the provider', (t) => {
  const { document } = synthesise(fleetOf(SMALL_FLEET), {
    environment: {
      credentials: { kind: 'file', path: '/home/somebody/key.json' },
      impersonate: 'deployer@some-project.iam.gserviceaccount.com',
      publicKey: null,
      privateKeyPath: '/home/somebody/.ssh/id',
    },
  });
  const provider = asValues(asList(asValues(document['provider'])['google'])[0]);
  t.equal(provider['credentials'], '/home/somebody/key.json');
  t.equal(provider['impersonate_service_account'], 'deployer@some-project.iam.gserviceaccount.com');
  t.notOk(JSON.stringify(document).includes('/home/somebody/.ssh'), 'the private key is named nowhere');
  t.end();
});

interface Grant {
  readonly address: string;
  /** Type of what it is on. */
  readonly on: string;
  readonly role: string;
  readonly member: string;
  readonly condition: string;
}

function grants(resources: ReadonlyMap<string, Values>): readonly Grant[] {
  return [...resources]
    .filter(([, values]) => 'member' in values && 'role' in values)
    .map(([address, values]) => ({
      address,
      on: address.replace(/_iam_.*$/, ''),
      role: String(values['role']),
      member: String(values['member']),
      condition: expressionOf(values),
    }))
    .sort((a, b) => a.address.localeCompare(b.address));
}

/** Empty: the grant holds without a condition. */
function expressionOf(grant: Values): string {
  const { expression } = block(grant, 'condition');
  return typeof expression === 'string' ? expression : '';
}

/** At any depth. */
function keysOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(keysOf);
  return Object.entries(asValues(value)).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
}

function accountMember(target: string): string {
  return `\${google_service_account.account-${target}_account.member}`;
}
