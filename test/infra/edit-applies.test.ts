// Edits of fleet.yaml that take something away, applied to a fleet that is there: by the real provider, to the stand-in
// of Google Cloud, which like Google deletes nothing that something else still names. A plan cannot show the order in
// which Terraform does things; only an apply can.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { terraformForTests, TerraformFolder } from '../support/terraform.ts';
import { fleetOf } from './support/fleets.ts';
import { startStandIn } from './support/stand-in.ts';
import { programsIn, synthesise } from './support/synthesised.ts';

const FLEET = `
name: shop
project: some-project
region: europe-west4
protect: false
pools:
  web:
    count: 2
    zones: [europe-west4-a, europe-west4-b]
    autohealing: true
    ingress: network-lb
  edge: { count: 1, kind: single, ingress: address }
`;

const { terraform, skip } = await terraformForTests('google');

t.test('edits that take something away can be applied', { skip }, async (t) => {
  if (terraform === undefined) throw new Error('skipped');
  const folder = t.testdir();
  const standIn = await startStandIn(t, folder, 'some-project');
  const programs = path.join(folder, 'programs');
  mkdirSync(programs);
  const archives = programsIn(programs);
  for (const archive of [archives.agents.x64, archives.agents.arm64, archives.coordinator])
    if (archive !== null) writeFileSync(archive.path, `stands for ${archive.file}`);
  const runner = new TerraformFolder(terraform, folder, standIn.variables);
  let fleet = FLEET;
  const write = (): void => {
    const state = path.join(folder, 'fleet.tfstate');
    writeFileSync(path.join(folder, 'cdk.tf.json'), synthesise(fleetOf(fleet), { programs: archives, state }).text);
  };
  /** @returns what went wrong */
  const apply = async (): Promise<string> => {
    write();
    const { exit, output } = await runner.ask('apply', '-no-color', '-input=false', '-auto-approve');
    return exit === 0 ? '' : output.slice(Math.max(0, output.indexOf('Error:')));
  };
  const edit = async (t: Test, from: string, to: string): Promise<void> => {
    t.ok(fleet.includes(from), from);
    fleet = fleet.replace(from, to);
    t.equal(await apply(), '');
  };
  const has = (part: string): boolean => standIn.resources().some((name) => name.includes(part));

  write();
  await runner.do('init', '-no-color', '-input=false');
  t.equal(await apply(), '');
  t.ok(has('zones/europe-west4-b/instanceGroupManagers/shop-web-europe-west4-b'));

  await t.test('a zone less', async (t) => {
    await edit(t, '[europe-west4-a, europe-west4-b]', '[europe-west4-a]');
    t.notOk(has('/instanceGroupManagers/shop-web-europe-west4-b'));
    t.ok(has('/instanceGroupManagers/shop-web-europe-west4-a'));
  });
  await t.test('no autohealing', async (t) => {
    await edit(t, 'autohealing: true', 'autohealing: false');
    t.notOk(has('healthChecks/shop-web-alive'));
  });
  await t.test('no address', async (t) => {
    await edit(t, 'ingress: address', 'ingress: none');
    t.notOk(has('/addresses/shop-edge'));
  });
  await t.test('no balancer', async (t) => {
    await edit(t, 'ingress: network-lb\n', 'ingress: none\n');
    t.notOk(has('/backendServices/shop-web'));
  });
  await t.test('a pool less', async (t) => {
    await edit(t, / {2}web:\n(?: {4}.*\n)+/.exec(fleet)?.[0] ?? 'no pool web', '');
    t.notOk(has('shop-web'));
  });
  await t.test('nothing is left of a fleet that goes', async (t) => {
    await runner.do('destroy', '-no-color', '-input=false', '-auto-approve');
    t.same(standIn.resources(), []);
    t.same(standIn.machines(), []);
  });
  t.same(standIn.said, []);
});
