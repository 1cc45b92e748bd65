// OpenTofu takes the same configuration: valid, and planned to the same resources. Its build takes minutes, so it runs
// where LONGSHORE_OPENTOFU=1 asks for it.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { runProgram } from '../support/run-program.ts';
import { TerraformFolder } from '../support/terraform.ts';
import { FULL_FLEET, fleetOf } from './support/fleets.ts';
import { programsIn, synthesise } from './support/synthesised.ts';

const skip = process.env['LONGSHORE_OPENTOFU'] === '1' ? false : 'set LONGSHORE_OPENTOFU=1 (builds OpenTofu once)';
const FLEET = FULL_FLEET.replace('coordinator:', 'coordinator:\n  count: 2');

t.test('OpenTofu: valid, and planned to the same resources', { skip }, async (t) => {
  const { stdout, stderr } = await runProgram('bash', ['scripts/opentofu.sh']);
  const [, configFile = ''] = /^export TF_CLI_CONFIG_FILE=(.+)$/m.exec(stdout) ?? [];
  const [, bin = ''] = /^export PATH=(.+):\$PATH$/m.exec(stdout) ?? [];
  t.ok(bin, stderr);
  const folder = t.testdir();
  const programs = programsIn(path.join(folder, 'programs'));
  mkdirSync(path.join(folder, 'programs'));
  for (const archive of [programs.agents.x64, programs.agents.arm64, programs.coordinator])
    if (archive !== null) writeFileSync(archive.path, `stands for ${archive.file}`);
  const { text, resources } = synthesise(fleetOf(FLEET), { programs });
  writeFileSync(path.join(folder, 'cdk.tf.json'), text);
  const tofu = new TerraformFolder({ configFile, program: path.join(bin, 'tofu') }, folder, {
    GOOGLE_OAUTH_ACCESS_TOKEN: 'made-up',
  });
  await tofu.do('init', '-no-color', '-input=false');
  await tofu.do('validate', '-no-color');
  await tofu.do('plan', '-no-color', '-input=false', '-out=plan');
  t.same(await tofu.changesOf('plan'), [...resources.keys()].map((address) => `create ${address}`).sort());
});
