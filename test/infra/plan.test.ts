// Every example fleet through the real Terraform and the real provider: valid, and planned without asking Google
// anything (a made-up token; nothing is there yet, so nothing is looked up).
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { renderStartupScript } from '../../setup/render-startup-script.ts';
import { TerraformFolder, terraformForTests } from '../support/terraform.ts';
import { FULL_FLEET, fleetOf, SMALL_FLEET } from './support/fleets.ts';
import { asList, asValues, programsIn, synthesise, type Values } from './support/synthesised.ts';

const { terraform, skip } = await terraformForTests('google');
process.env['GOOGLE_OAUTH_ACCESS_TOKEN'] = 'made-up';
const examples = [
  ['the least that is a fleet', SMALL_FLEET],
  ['everything that a fleet can be', FULL_FLEET],
  ...['fleet.example.yaml', ...readdirSync('examples/fleets').map((file) => `examples/fleets/${file}`)].map(
    (file) => [file, readFileSync(file, 'utf8')] as const,
  ),
] as const;

t.test('examples', { skip }, async (t) => {
  if (terraform === undefined) throw new Error('skipped');
  const folder = t.testdir();
  const programs = path.join(folder, 'programs');
  mkdirSync(programs);
  const { agents, coordinator } = programsIn(programs);
  for (const archive of [agents.x64, agents.arm64, coordinator])
    if (archive !== null) writeFileSync(archive.path, `stands for ${archive.file}`);
  const runner = new TerraformFolder(terraform, folder);
  const configuration = path.join(folder, 'cdk.tf.json');
  writeFileSync(configuration, synthesise(fleetOf(SMALL_FLEET), { programs: programsIn(programs) }).text);
  await runner.do('init', '-no-color', '-input=false');

  for (const [name, text] of examples)
    await t.test(name, async (t) => {
      const { text: written, resources } = synthesise(fleetOf(text), { programs: programsIn(programs) });
      writeFileSync(configuration, written);
      await runner.do('validate', '-no-color');
      await runner.do('plan', '-no-color', '-input=false', '-out=plan');
      const plan = asValues(JSON.parse(await runner.do('show', '-json', 'plan')));

      t.same(
        asList(plan['resource_changes'])
          .map(asValues)
          .map((change) => `${asList(asValues(change['change'])['actions']).join()} ${String(change['address'])}`)
          .sort(),
        [...resources.keys()].map((address) => `create ${address}`).sort(),
        'everything is made, and nothing is looked up',
      );
      const planned = asList(asValues(asValues(plan['planned_values'])['root_module'])['resources']).map(asValues);
      for (const [address, metadata] of planned.flatMap(metadataOf))
        t.ok(
          metadata['startup-script'] === renderStartupScript({ role: 'agent' }),
          `${address} gets the startup script letter for letter`,
        );
      t.ok(Object.keys(asValues(plan['planned_values'])).includes('outputs'));
    });
});

/** Of hosts; the coordinator's is not known before its address is. */
function metadataOf(resource: Values): readonly (readonly [string, Values])[] {
  const address = String(resource['address']);
  const metadata = asValues(asValues(resource['values'])['metadata']);
  return /^google_compute_instance(_template)?\.pool-/.test(address) ? [[address, metadata]] : [];
}
