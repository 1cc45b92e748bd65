// What systemd says of the exposure of every service that a machine gets.
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { renderAgentUnit } from '../../../setup/agent-unit.ts';
import { renderCoordinatorUnit } from '../../../setup/coordinator-unit.ts';
import { renderDrainUnit } from '../../../setup/drain-unit.ts';
import { GUARD_TABLE_FILE, guardFiles } from '../../../setup/metadata-guard.ts';
import { networkCheckFiles } from '../../../setup/network-check.ts';
import { renderSetupUnit } from '../../../setup/setup-unit.ts';

const services = new Map<string, string>([
  ['longshore-agent.service', renderAgentUnit()],
  ['longshore-coordinator.service', renderCoordinatorUnit('state-directory')],
  ['longshore-drain.service', renderDrainUnit()],
  ['longshore-setup.service', renderSetupUnit()],
  ...[...guardFiles(), ...networkCheckFiles(GUARD_TABLE_FILE)]
    .filter(({ path: file }) => /\/longshore-[a-z-]+\.service$/.test(file))
    .map(({ path: file, text }) => [path.basename(file), text] as const),
]);
/** The setup is a package installer: what is left to it, and why, is in setup/unit-hardening.ts. */
const LIMITS: Readonly<Record<string, number>> = { 'longshore-setup.service': 6.0 };

const help = String(spawnSync('systemd-analyze', ['--help'], { encoding: 'utf8' }).stdout);
const skip = help.includes('--offline') ? false : 'systemd-analyze 250 or newer is not on this machine';

for (const [name, text] of services) {
  t.test(`units: systemd-analyze security finds little to say of ${name}`, { skip }, (t) => {
    const file = path.join(t.testdir(), name);
    writeFileSync(file, text);
    const said = execFileSync('systemd-analyze', ['security', '--offline=true', '--no-pager', file], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const score = Number(/exposure level for \S+: ([\d.]+)/.exec(said)?.[1]);
    t.ok(score <= (LIMITS[name] ?? 5.0), `${name}: ${score}`);
    t.end();
  });
}
