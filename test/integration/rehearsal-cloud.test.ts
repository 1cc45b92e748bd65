// The stand-in of Google Cloud, whole but for its sockets and containers: what the provider, the agent and the
// coordinator rely on, and what must fail here because it fails at Google.
import { createHash, createPublicKey, generateKeyPairSync, createSign, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import t, { type Test } from 'tap';
import { buildCloud, type Cloud } from '../../scripts/rehearse/cloud/cloud.ts';
import { type Answer, readBytes } from '../../scripts/rehearse/cloud/exchange.ts';
import { type JsonObject, textAt } from '../../scripts/rehearse/cloud/json.ts';
import type { Machine, Machines } from '../../scripts/rehearse/cloud/machines/machines.ts';
import { ResourceStore } from '../../scripts/rehearse/cloud/resource-store.ts';
import { pollUntil } from '../support/poll-until.ts';

const project = 'my-project';
const root = `projects/${project}`;
const zone = `${root}/zones/europe-west1-b`;
const computeUrl = 'https://compute.googleapis.com/compute/v1';

/** Machines as a list: what runs, and what was asked for. */
class ListedMachines implements Machines {
  readonly running = new Map<string, Machine>();
  readonly removed: string[] = [];

  boot(machine: Machine): Promise<void> {
    this.running.set(machine.name, machine);
    return Promise.resolve();
  }

  remove(machine: Machine): Promise<void> {
    this.running.delete(machine.name);
    this.removed.push(machine.id);
    return Promise.resolve();
  }

  stop(machine: Machine): Promise<void> {
    this.running.delete(machine.name);
    return Promise.resolve();
  }

  reset(): Promise<void> {
    return Promise.resolve();
  }

  copyDisk(): void {
    // Nothing is on them.
  }

  deleteDisk(): Promise<void> {
    return Promise.resolve();
  }
}

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly body: JsonObject;
}

const owner = generateKeyPairSync('rsa', { modulusLength: 2048 });
const email = `terraform@${project}.iam.gserviceaccount.com`;

class Stage {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'rehearsal-cloud-'));
  readonly machines = new ListedMachines();
  readonly said: string[] = [];
  cloud: Cloud;
  token = '';
  #ids = 10n ** 17n;

  constructor() {
    this.cloud = this.build();
  }

  /** As after a kill: from the folder alone. */
  build(): Cloud {
    const site = {
      project,
      projectNumber: '123456789012',
      store: new ResourceStore(this.folder),
      now: () => new Date(),
      newId: () => String((this.#ids += 7_919n)),
      say: (line: string) => void this.said.push(line),
    };
    const publicKey = owner.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const config = {
      folder: this.folder,
      address: '10.77.255.254',
      publicPrefix: '127.77.1',
      owner: { email, publicKey },
    };
    return buildCloud(site, config, this.machines);
  }

  async call(
    method: string,
    url: string,
    body?: JsonObject | Buffer,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Reply> {
    const { hostname, pathname, searchParams } = new URL(url);
    const content = body === undefined ? [] : [Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))];
    const answer = await this.cloud.dispatch.handle({
      method,
      host: hostname,
      path: pathname,
      query: searchParams,
      headers: { host: hostname, ...(this.token === '' ? {} : { authorization: `Bearer ${this.token}` }), ...headers },
      body: Readable.from(content),
    });
    const { body: given = '' } = answer;
    const text = (
      typeof given === 'string' ? Buffer.from(given) : Buffer.isBuffer(given) ? given : await readBytes(given)
    ).toString();
    return { status: answer.status, headers: answer.headers ?? {}, text, body: parse(text) };
  }

  async logIn(key = owner.privateKey): Promise<Reply> {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { iss: email, exp: Math.floor(Date.now() / 1000) + 60 };
    const text = `${part({ alg: 'RS256' })}.${part(claims)}`;
    const assertion = `${text}.${createSign('sha256').update(text).sign(key, 'base64url')}`;
    const form = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
    const reply = await this.call('POST', 'https://oauth2.googleapis.com/token', Buffer.from(form.toString()));
    if (reply.status === 200) this.token = textAt(reply.body, 'access_token') ?? '';
    return reply;
  }

  /** Owner's token, enabled APIs, a network with a subnet, and an account for machines. */
  async begin(): Promise<void> {
    await this.logIn();
    const serviceIds = ['compute', 'iam', 'secretmanager', 'artifactregistry'].map((one) => `${one}.googleapis.com`);
    await this.call('POST', `https://serviceusage.googleapis.com/v1/${root}/services:batchEnable`, { serviceIds });
    await this.compute('POST', 'global/networks', { name: 'net', autoCreateSubnetworks: false });
    await this.compute('POST', 'regions/europe-west1/subnetworks', {
      name: 'sub',
      network: `${root}/global/networks/net`,
      ipCidrRange: '10.77.0.0/24',
    });
    await this.call('POST', `https://iam.googleapis.com/v1/${root}/serviceAccounts`, { accountId: 'machines' });
  }

  compute(method: string, rest: string, body?: JsonObject): Promise<Reply> {
    return this.call(method, `${computeUrl}/${root}/${rest}`, body);
  }

  metadata(address: string, rest: string, headers: Readonly<Record<string, string>> = { 'metadata-flavor': 'Google' }) {
    const { pathname, searchParams } = new URL(`/computeMetadata/v1/${rest}`, 'http://metadata');
    return this.cloud.metadata.handle({ method: 'GET', path: pathname, query: searchParams, headers, address });
  }

  /** A group of that size, when all its machines run. */
  async group(size: number): Promise<void> {
    await this.compute('POST', 'global/instanceTemplates', {
      name: 'web-1',
      properties: {
        machineType: 'e2-small',
        networkInterfaces: [{ subnetwork: `${root}/regions/europe-west1/subnetworks/sub` }],
        disks: [{ boot: true, autoDelete: true, initializeParams: {} }],
        serviceAccounts: [{ email: `machines@${project}.iam.gserviceaccount.com`, scopes: [] }],
        metadata: { items: [{ key: 'longshore-pool', value: 'web' }] },
      },
    });
    await this.compute('POST', 'zones/europe-west1-b/instanceGroupManagers', {
      name: 'web',
      baseInstanceName: 'web',
      targetSize: size,
      versions: [{ instanceTemplate: `${root}/global/instanceTemplates/web-1` }],
    });
    await isSo(async () => (await this.runningInstances()).length === size);
  }

  async runningInstances(): Promise<readonly JsonObject[]> {
    const { body } = await this.compute('GET', 'zones/europe-west1-b/instances');
    return ((body['items'] ?? []) as JsonObject[]).filter((one) => one['status'] === 'RUNNING');
  }
}

/** The metadata server answers with texts. */
function textOf(body: Answer['body']): string {
  return typeof body === 'string' ? body : '';
}

async function isSo(check: () => boolean | Promise<boolean>): Promise<void> {
  await pollUntil(async () => check(), Boolean);
}

function parse(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return {};
  }
}

function staged(t: Pick<Test, 'teardown'>): Stage {
  const stage = new Stage();
  t.teardown(() => rmSync(stage.folder, { recursive: true, force: true }));
  return stage;
}

t.test('tokens: only the key of the credentials opens anything', async (t) => {
  const stage = staged(t);
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
  t.equal((await stage.compute('GET', 'global/networks')).status, 401);
  const refused = await stage.logIn(stranger.privateKey);
  t.equal(refused.status, 400);
  t.equal(refused.body['error'], 'invalid_grant');
  t.equal((await stage.logIn()).status, 200);
  t.equal((await stage.call('GET', 'https://storage.googleapis.com/storage/v1/b')).status, 200);
});

t.test('calls: of an API that is not enabled 403, unknown ones 501 by name and said aloud', async (t) => {
  const stage = staged(t);
  await stage.logIn();
  const disabled = await stage.compute('GET', 'global/networks');
  t.equal(disabled.status, 403);
  t.match(disabled.body, { error: { errors: [{ reason: 'accessNotConfigured' }] } });
  await stage.begin();
  for (const url of [
    `${computeUrl}/${root}/global/urlMaps`,
    'https://sqladmin.googleapis.com/v1/projects/my-project/instances',
    `${computeUrl}/${root}/global/networks/net/addPeering`,
  ]) {
    const { status, body } = await stage.call(url.endsWith('Peering') ? 'POST' : 'GET', url, {});
    t.equal(status, 501, url);
    t.match(JSON.stringify(body), new URL(url).pathname);
  }
  t.equal(stage.said.filter((line) => line.startsWith('501')).length, 3);
});

t.test('references: nothing unknown is named, nothing that is used is deleted', async (t) => {
  const stage = staged(t);
  await stage.begin();
  const orphan = { name: 'fw', network: `${root}/global/networks/none` };
  t.match((await stage.compute('POST', 'global/firewalls', orphan)).body, { error: { code: 404 } });
  t.match((await stage.compute('POST', 'global/networks', { name: 'net' })).body, { error: { code: 409 } });
  t.match((await stage.compute('DELETE', 'global/networks/net')).body, {
    error: { code: 400, errors: [{ reason: 'resourceInUseByAnotherResource' }] },
  });
  t.equal((await stage.compute('DELETE', 'regions/europe-west1/subnetworks/sub')).status, 200);
  t.equal((await stage.compute('DELETE', 'global/networks/net')).status, 200);
  t.equal((await stage.compute('GET', 'global/networks/net')).status, 404);
});

t.test('changes: a stale fingerprint is refused, a PATCH keeps what it does not name', async (t) => {
  const stage = staged(t);
  await stage.begin();
  const subnet = 'regions/europe-west1/subnetworks/sub';
  const { body } = await stage.compute('GET', subnet);
  t.equal((await stage.compute('PATCH', subnet, { fingerprint: 'old', privateIpGoogleAccess: true })).status, 412);
  const fresh = { fingerprint: body['fingerprint'] ?? '', privateIpGoogleAccess: true };
  t.equal((await stage.compute('PATCH', subnet, fresh)).status, 200);
  t.match((await stage.compute('GET', subnet)).body, {
    ipCidrRange: '10.77.0.0/24',
    privateIpGoogleAccess: true,
    id: body['id'],
  });
});

t.test('group: machines boot, a lost one comes back under its name, a smaller group loses its last', async (t) => {
  const stage = staged(t);
  await stage.begin();
  await stage.group(2);
  const before = await stage.runningInstances();
  const manager = 'zones/europe-west1-b/instanceGroupManagers/web';
  const managed = await stage.compute('POST', `${manager}/listManagedInstances`, {});
  const [kept = {}] = (managed.body['managedInstances'] ?? []) as JsonObject[];
  t.equal(stage.machines.running.size, 2);
  const first = before.find((one) => one['name'] === kept['name']) ?? {};
  t.match(first['metadata'], {
    items: [{ key: 'longshore-pool' }, { key: 'instance-template' }, { key: 'created-by' }],
  });

  const name = textAt(first, 'name') ?? '';
  t.equal((await stage.compute('DELETE', `zones/europe-west1-b/instances/${name}`)).status, 200);
  await isSo(async () =>
    (await stage.runningInstances()).some((one) => one['name'] === name && one['id'] !== first['id']),
  );
  t.same(stage.machines.removed, [first['id']]);

  await stage.compute('PATCH', 'zones/europe-west1-b/instanceGroupManagers/web', { targetSize: 1 });
  await isSo(async () => (await stage.runningInstances()).length === 1);
  const listed = await stage.compute('POST', 'zones/europe-west1-b/instanceGroupManagers/web/listManagedInstances', {});
  t.match(listed.body, { managedInstances: [{ name, currentAction: 'NONE' }] });

  await stage.compute('DELETE', 'zones/europe-west1-b/instanceGroupManagers/web');
  await isSo(() => stage.machines.running.size === 0);
  await isSo(async () => (await stage.compute('GET', 'zones/europe-west1-b/instanceGroupManagers/web')).status === 404);
  t.same((await stage.compute('GET', 'zones/europe-west1-b/disks')).body['items'], []);
});

t.test('template: found by its exact id as well, and by no other', async (t) => {
  const stage = staged(t);
  await stage.begin();
  await stage.group(1);
  const { body } = await stage.compute('GET', 'global/instanceTemplates/web-1');
  const id = textAt(body, 'id') ?? '';
  t.match((await stage.compute('GET', `global/instanceTemplates/${id}`)).body, { name: 'web-1' });
  t.match((await stage.compute('GET', `global/instanceTemplates/web-1?uniqueId=${id}`)).body, { name: 'web-1' });
  t.equal((await stage.compute('GET', 'global/instanceTemplates/web-1?uniqueId=1')).status, 404);
  t.equal((await stage.compute('DELETE', 'global/instanceTemplates/web-1')).status, 400);
});

t.test('restart: the store, tokens and machines go on from the folder alone', async (t) => {
  const stage = staged(t);
  await stage.begin();
  await stage.group(2);
  const names = [...stage.machines.running.keys()];
  const [lost = ''] = names;
  stage.machines.running.delete(lost);
  stage.cloud = stage.build();
  stage.cloud.recover();
  await isSo(() => stage.machines.running.has(lost));
  t.same([...stage.machines.running.keys()].sort(), names.sort());
  t.equal((await stage.compute('GET', 'global/networks/net')).status, 200);
});

t.test('metadata: by address, with the header, not through a proxy; names lead to it', async (t) => {
  const stage = staged(t);
  await stage.begin();
  await stage.group(1);
  const [machine] = stage.machines.running.values();
  const address = machine?.address ?? '';
  t.equal(stage.metadata(address, 'instance/name').body, machine?.name);
  t.equal(stage.metadata(address, 'instance/attributes/longshore-pool').body, 'web');
  t.equal(stage.metadata(address, 'instance/attributes/none').status, 404);
  t.equal(stage.metadata(address, 'instance/name', {}).status, 403);
  t.equal(
    stage.metadata(address, 'instance/name', { 'metadata-flavor': 'Google', 'x-forwarded-for': 'a' }).status,
    403,
  );
  t.equal(stage.metadata('10.77.0.99', 'instance/name').status, 404);
  t.match(stage.metadata(address, 'instance/name').headers, { 'metadata-flavor': 'Google' });
  t.same(stage.cloud.lookup('metadata.google.internal'), ['169.254.169.254']);
  t.same(stage.cloud.lookup('storage.googleapis.com'), ['10.77.255.254']);
  t.same(stage.cloud.lookup(`${machine?.name ?? ''}.europe-west1-b.c.${project}.internal`), [address]);
  t.same(stage.cloud.lookup('example.com'), []);
});

t.test('identity: signed by the published key, with all that Google says of the machine', async (t) => {
  const stage = staged(t);
  await stage.begin();
  await stage.group(1);
  const [machine] = stage.machines.running.values();
  const path = 'instance/service-accounts/default/identity';
  t.equal(stage.metadata(machine?.address ?? '', path).status, 400);
  const token = textOf(stage.metadata(machine?.address ?? '', `${path}?audience=https%3A%2F%2Fx&format=full`).body);
  const [head = '', claims = '', signature = ''] = token.split('.');
  const { body } = await stage.call('GET', 'https://www.googleapis.com/oauth2/v3/certs');
  const [jwk = {}] = body['keys'] as unknown as { readonly kty?: string }[];
  const key = createPublicKey({ format: 'jwk', key: { ...jwk } });
  t.ok(verify('sha256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url')));
  t.match(JSON.parse(Buffer.from(claims, 'base64url').toString()), {
    iss: 'https://accounts.google.com',
    aud: 'https://x',
    email: `machines@${project}.iam.gserviceaccount.com`,
    email_verified: true,
    google: { compute_engine: { instance_id: machine?.id, project_number: 123456789012, zone: 'europe-west1-b' } },
  });
});

t.test('roles: a machine may what its account was given, under its condition, and no more', async (t) => {
  const stage = staged(t);
  await stage.begin();
  await stage.group(1);
  await stage.call('POST', `https://storage.googleapis.com/storage/v1/b?project=${project}`, { name: 'bucket' });
  const bucket = 'https://storage.googleapis.com/storage/v1/b/bucket';
  const upload = 'https://storage.googleapis.com/upload/storage/v1/b/bucket/o?uploadType=media&name=';
  await stage.call('POST', `${upload}ca/root.pem`, Buffer.from('root'));
  await stage.call('POST', `${upload}fleet.json`, Buffer.from('{}'));
  const [machine] = stage.machines.running.values();
  const given = parse(textOf(stage.metadata(machine?.address ?? '', 'instance/service-accounts/default/token').body));
  const asMachine = (method: string, url: string, body?: Buffer): Promise<Reply> =>
    stage.call(method, url, body, { authorization: `Bearer ${textAt(given, 'access_token') ?? ''}` });

  t.equal((await asMachine('GET', `${bucket}/o/ca%2Froot.pem?alt=media`)).status, 403);
  await stage.call('PUT', `${bucket}/iam`, {
    bindings: [
      {
        role: 'roles/storage.objectUser',
        members: [`serviceAccount:machines@${project}.iam.gserviceaccount.com`],
        condition: { expression: 'resource.name.startsWith("projects/_/buckets/bucket/objects/ca/")' },
      },
    ],
  });
  t.equal((await asMachine('GET', `${bucket}/o/ca%2Froot.pem?alt=media`)).text, 'root');
  t.equal((await asMachine('POST', `${upload}ca/other`, Buffer.from('x'))).status, 200);
  t.equal((await asMachine('GET', `${bucket}/o/fleet.json?alt=media`)).status, 403);
  t.equal((await asMachine('PUT', `${bucket}/iam`)).status, 403);
  t.equal((await asMachine('GET', `${computeUrl}/${zone}/instances`)).status, 403);
  t.equal((await asMachine('DELETE', `${computeUrl}/${zone}/instances/${machine?.name ?? ''}`)).status, 403);
  t.equal(stage.machines.running.size, 1);
});

t.test('objects: uploads in many pieces, versions, and a bucket that is not empty', async (t) => {
  const stage = staged(t);
  await stage.begin();
  const bucket = 'https://storage.googleapis.com/storage/v1/b/bucket';
  await stage.call('POST', 'https://storage.googleapis.com/storage/v1/b', {
    name: 'bucket',
    versioning: { enabled: true },
  });
  const begun = await stage.call(
    'POST',
    'https://storage.googleapis.com/upload/storage/v1/b/bucket/o?uploadType=resumable',
    { name: 'a/b' },
  );
  const session = begun.headers['location'] ?? '';
  const part = await stage.call('PUT', session, Buffer.from('0123'), { 'content-range': 'bytes 0-3/*' });
  t.match(part, { status: 308, headers: { range: 'bytes=0-3' } });
  const whole = await stage.call('PUT', session, Buffer.from('45'), { 'content-range': 'bytes 4-5/6' });
  t.match(whole.body, { size: '6', md5Hash: createHash('md5').update('012345').digest('base64') });
  t.equal((await stage.call('GET', `${bucket}/o/a%2Fb?alt=media`)).text, '012345');
  t.match(await stage.call('GET', `${bucket}/o/a%2Fb?alt=media`, undefined, { range: 'bytes=2-3' }), {
    status: 206,
    text: '23',
  });
  t.equal((await stage.call('GET', 'https://storage.googleapis.com/bucket/a/b')).text, '012345');

  t.equal((await stage.call('DELETE', `${bucket}/o/a%2Fb`)).status, 204);
  t.equal((await stage.call('GET', `${bucket}/o/a%2Fb`)).status, 404);
  t.equal((await stage.call('DELETE', bucket)).status, 409);
  const older = (await stage.call('GET', `${bucket}/o?versions=true`)).body['items'] as unknown as JsonObject[];
  t.equal(older.length, 1);
  const generation = textAt(older[0] ?? {}, 'generation') ?? '';
  t.equal((await stage.call('DELETE', `${bucket}/o/a%2Fb?generation=${generation}`)).status, 204);
  t.equal((await stage.call('DELETE', bucket)).status, 204);
});

t.test('secrets: made without a version, added to, read newest', async (t) => {
  const stage = staged(t);
  await stage.begin();
  const secrets = `https://secretmanager.googleapis.com/v1/${root}/secrets`;
  t.equal((await stage.call('POST', `${secrets}?secretId=s`, { replication: { automatic: {} } })).status, 200);
  t.equal((await stage.call('GET', `${secrets}/s/versions/latest:access`)).status, 404);
  for (const value of ['one', 'two'])
    await stage.call('POST', `${secrets}/s:addVersion`, { payload: { data: Buffer.from(value).toString('base64') } });
  t.match((await stage.call('GET', `${secrets}/s/versions/latest:access`)).body, {
    payload: { data: Buffer.from('two').toString('base64') },
  });
  t.equal((await stage.call('DELETE', `${secrets}/s`)).status, 200);
  t.equal((await stage.call('GET', `${secrets}/s`)).status, 404);
});

t.test('registry: without a token that was given out here nothing is answered', async (t) => {
  const stage = staged(t);
  await stage.begin();
  const host = 'https://europe-west1-docker.pkg.dev';
  const asked = await stage.call('GET', `${host}/v2/`, undefined, { authorization: '' });
  t.equal(asked.status, 401);
  t.match(asked.headers['www-authenticate'], `realm="${host}/v2/token"`);
  const basic = (token: string) => ({
    authorization: `Basic ${Buffer.from(`oauth2accesstoken:${token}`).toString('base64')}`,
  });
  t.equal((await stage.call('GET', `${host}/v2/token`, undefined, basic('invented'))).status, 401);
  t.equal((await stage.call('GET', `${host}/v2/token`, undefined, basic(stage.token))).body['token'], stage.token);
  const missing = await stage.call('GET', `${host}/v2/${project}/none/app/manifests/1`);
  t.match(missing, { status: 404, text: /NAME_UNKNOWN/ });
});
