// The local stack as it is written for Terraform, resource by resource; what it does on an engine is in test/e2e.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import type { Test } from 'tap';
import { App, Testing } from 'cdktf';
import { contentHash } from '../../infra/local/content-hash.ts';
import { LocalStack } from '../../infra/stacks/local-stack.ts';
import { terraformForTests, TerraformFolder } from '../support/terraform.ts';
import { asList, asValues, type Values } from './support/synthesised.ts';

const local = { hosts: 2, coordinatorPort: 7480, registryPort: 5480, ingressPort: 8480 };

function programsFolder(t: Pick<Test, 'teardown'>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'longshore-programs-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(path.join(folder, 'Dockerfile'), 'FROM scratch\n');
  return folder;
}

function synthesise(folder: string, hosts = local.hosts): { readonly text: string; readonly document: Values } {
  const stack = new LocalStack(new App(), 'local', {
    fleet: 'shop',
    local: { ...local, hosts },
    programsFolder: folder,
    statePath: '/nowhere/shop.local.tfstate',
    engineSocket: '/run/other.sock',
  });
  const text = Testing.synth(stack);
  return { text, document: asValues(JSON.parse(text)) };
}

function resourceOf(document: Values, type: string, name: string): Values {
  const all = asValues(asValues(document['resource'])[type]);
  if (!(name in all)) throw new Error(`no ${type} ${name}: ${Object.keys(all).join(', ')}`);
  return asValues(all[name]);
}

t.test('local stack: runs on the provider from 3.6.2 to 4, with a state of its own', (t) => {
  const { document } = synthesise(programsFolder(t));
  const terraform = asValues(document['terraform']);

  t.same(asValues(terraform['required_providers'])['docker'], {
    source: 'kreuzwerker/docker',
    version: '>= 3.6.2, < 5.0.0',
  });
  t.same(terraform['backend'], { local: { path: '/nowhere/shop.local.tfstate' } });
  t.end();
});

t.test('local stack: everything listens on loopback, and nothing is privileged', (t) => {
  const { document, text } = synthesise(programsFolder(t));

  t.match(resourceOf(document, 'docker_container', 'registry_container')['ports'], [
    { external: 5480, ip: '127.0.0.1' },
  ]);
  t.ok(asList(resourceOf(document, 'docker_container', 'coordinator_container')['command']).includes('127.0.0.1:7480'));
  t.notMatch(text, /0\.0\.0\.0/);
  t.notMatch(text, /"privileged": true/);
  t.end();
});

t.test('local stack: hosts are one resource with a map, so that what ends one is run when it leaves the map', (t) => {
  const folder = programsFolder(t);
  const [two, three] = [synthesise(folder, 2), synthesise(folder, 3)];
  const keysIn = (document: Values, type: string, name: string): readonly string[] =>
    Object.keys(asValues(resourceOf(document, type, name)['for_each']));

  t.same(keysIn(two.document, 'docker_container', 'hosts_container'), ['host-1', 'host-2']);
  t.same(keysIn(three.document, 'docker_volume', 'hosts_data'), ['host-1', 'host-2', 'host-3']);
  const volume = resourceOf(two.document, 'docker_volume', 'hosts_data');
  const [ending] = asList(volume['provisioner']).map((one) => asValues(asValues(one)['local-exec']));
  t.equal(ending?.['when'], 'destroy');
  t.match(String(ending?.['command']), /forget-host\.ts '\$\{self\.name\}'/);
  t.ok(path.isAbsolute(String(ending?.['working_dir'])), 'a saved plan is applied from elsewhere');
  t.equal(
    resourceOf(two.document, 'docker_container', 'hosts_container')['provisioner'],
    undefined,
    'a new version replaces the container and must not end the apps',
  );
  t.end();
});

t.test("local stack: an agent's data lies in the container where the engine has it", (t) => {
  const { document } = synthesise(programsFolder(t));
  const host = resourceOf(document, 'docker_container', 'hosts_container');
  const mounts = asList(host['volumes']).map(asValues);

  const [data] = mounts;
  t.match(String(data?.['container_path']), /\[each\.key\]\.mountpoint\}$/);
  t.same(host['env'], [`LONGSHORE_DATA_DIR=${String(data?.['container_path'])}`]);
  t.ok(
    mounts.some((mount) => mount['host_path'] === '/run/other.sock'),
    "the caller's engine",
  );
  t.ok(mounts.some((mount) => mount['container_path'] === '/run/longshore/enroll' && mount['read_only'] === true));
  t.end();
});

t.test('local stack: programs are built again when they have changed, and only then', (t) => {
  const folder = programsFolder(t);
  mkdirSync(path.join(folder, 'web'));
  writeFileSync(path.join(folder, 'web/a.js'), 'one');
  const before = contentHash(folder);
  const triggers = resourceOf(synthesise(folder).document, 'docker_image', 'programs_image')['triggers'];

  t.same(triggers, { content: before });
  writeFileSync(path.join(folder, 'web/a.js'), 'one');
  t.equal(contentHash(folder), before, 'the time of a file is nothing');
  writeFileSync(path.join(folder, 'web/a.js'), 'two');
  const other = contentHash(folder);
  t.not(other, before);
  chmodSync(path.join(folder, 'web/a.js'), 0o755);
  t.not(contentHash(folder), other, 'whether it can be run is part of it');
  t.end();
});

const { terraform, skip } = await terraformForTests('docker');

t.test('local stack: the real provider takes the configuration', { skip }, async (t) => {
  if (terraform === undefined) return;
  const folder = programsFolder(t);
  const work = mkdtempSync(path.join(tmpdir(), 'longshore-local-'));
  t.teardown(() => rmSync(work, { recursive: true, force: true }));
  writeFileSync(path.join(work, 'cdk.tf.json'), synthesise(folder).text.replace('/nowhere/', `${work}/`));
  const stack = new TerraformFolder(terraform, work);

  await stack.do('init', '-no-color');
  t.match(await stack.do('validate', '-no-color'), /The configuration is valid/);
});
