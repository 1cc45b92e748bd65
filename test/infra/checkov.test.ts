// checkov finds nothing in the plan of a fleet that has everything, but what scripts/checkov.sh accepts with its reason.
// It takes a download of Python packages, so it runs where LONGSHORE_CHECKOV=1 asks for it.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { Desk } from './support/desk.ts';
import { FULL_FLEET } from './support/fleets.ts';

const skip = process.env['LONGSHORE_CHECKOV'] === '1' ? false : 'set LONGSHORE_CHECKOV=1 (downloads checkov once)';
// `ssh: keys` needs a key, and everything that is off by default is on.
const FLEET = FULL_FLEET.replace('ssh: keys', 'ssh: iap')
  .replace('range: 10.80.0.0/16', 'range: 10.80.0.0/16, flow_logs: true')
  .replace('memory_gb: 2,', 'memory_gb: 2, tls: true, auth: true,')
  .replace('coordinator:', 'coordinator:\n  count: 2');

t.test('checkov: nothing but what is accepted with a reason', { skip }, async (t) => {
  const config = process.env['TF_CLI_CONFIG_FILE'];
  const desk = new Desk(t, config === undefined ? {} : { TF_CLI_CONFIG_FILE: config }, FLEET);
  const { exit, said } = await desk.plan();
  t.equal(exit, 0, said);
  const checked = await promisify(execFile)('bash', [path.resolve('scripts/checkov.sh')], {
    cwd: desk.folder,
    // The cache is this person's, and so is what pip needs to know.
    env: { ...process.env, ...desk.variables, HOME: process.env['HOME'] },
  }).catch((error: unknown) => error as { readonly stdout: string; readonly stderr: string });
  t.match(checked.stdout, /Failed checks: 0,/, checked.stdout + checked.stderr);
});
