/** The rendered scripts as a shell sees them: shellcheck finds nothing, and the functions do what they say. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { renderAgentUninstall } from '../../../setup/agent-uninstall.ts';
import { AGENT_FUNCTIONS } from '../../../setup/agent-functions.ts';
import { renderAgentSetup } from '../../../setup/agent-setup.ts';
import { renderCoordinatorInstall } from '../../../setup/coordinator-install.ts';
import { renderCoordinatorUninstall } from '../../../setup/coordinator-uninstall.ts';
import { renderCoordinatorSetup } from '../../../setup/coordinator-setup.ts';
import { renderDrainProgram } from '../../../setup/drain-unit.ts';
import { renderAccessProgram } from '../../../setup/metadata-access.ts';
import { WRITE_FILE_FUNCTION } from '../../../setup/machine-file.ts';
import { renderInstallScript } from '../../../setup/render-install-script.ts';
import { renderStartupScript } from '../../../setup/render-startup-script.ts';
import { SETUP_FUNCTIONS } from '../../../setup/setup-functions.ts';
import { STANDBY_FUNCTIONS } from '../../../setup/standby-functions.ts';

const shellcheckIsThere = spawnSync('shellcheck', ['--version']).status === 0;
const root = '-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n';
const agents = [{ platform: 'x64', sha256: 'a'.repeat(64), file: 'a.tar.gz' }] as const;
const install = {
  programFolder: "/opt/it's here",
  agentsFolder: '/opt',
  configText: 'listen: "0.0.0.0:443"\n',
  dataDir: '/srv/ship',
  secretsKeyFile: '/etc/longshore/secrets.key',
  read: [{ setting: 'tls_key_file', file: '/etc/longshore/key.pem' }],
  url: 'https://ship.example.com',
};
const gone = { dataDir: '/srv/ship', secretsKeyFile: '/etc/longshore/secrets.key', hasDatabase: true };
const scripts: Readonly<Record<string, string>> = {
  'startup script of an agent': renderStartupScript({ role: 'agent' }),
  'startup script of a coordinator': renderStartupScript({ role: 'coordinator' }),
  'setup of an agent': renderAgentSetup(),
  'setup of a coordinator': renderCoordinatorSetup(),
  'drain program': renderDrainProgram(),
  'metadata access program': renderAccessProgram(),
  'install.sh with a root': renderInstallScript({ coordinator: 'https://10.0.0.2', root, agents }),
  'install.sh without': renderInstallScript({ coordinator: 'https://ship.example.com', root: null, agents }),
  'coordinator install': renderCoordinatorInstall(install),
  'coordinator install again': renderCoordinatorInstall({ ...install, configText: null, secretsKeyFile: null }),
  'coordinator uninstall': renderCoordinatorUninstall({ ...gone, purge: false }),
  'coordinator purge': renderCoordinatorUninstall({ ...gone, purge: true }),
  'agent uninstall': renderAgentUninstall({ purge: false, dataDir: '/var/lib/longshore-agent', host: null }),
  'agent purge': renderAgentUninstall({ purge: true, dataDir: '/var/lib/longshore-agent', host: 'h-1' }),
};

for (const [name, script] of Object.entries(scripts)) {
  t.test(`shellcheck: ${name}`, { skip: !shellcheckIsThere && 'shellcheck is not installed' }, (t) => {
    const found = spawnSync('shellcheck', ['--shell=bash', '-'], { input: script, encoding: 'utf8' });
    t.equal(found.stdout, '');
    t.equal(found.status, 0);
    t.end();
  });
}

t.test('write_file: writes whole files, says what changed, and leaves alone what is right', (t) => {
  const folder = t.testdir();
  const file = path.join(folder, 'new', 'unit');
  const line = `write_file ${file} 0640 <<<hello; echo "\${#CHANGED_FILES[@]}"; [ "\${CHANGED_FILES[*]}" = ${file} ] && echo changed || echo same`;
  t.equal(shell(WRITE_FILE_FUNCTION, line), '1\nchanged');
  t.equal(readFileSync(file, 'utf8'), 'hello\n');
  t.equal(statSync(file).mode & 0o777, 0o640);
  const before = statSync(file).mtimeMs;
  t.equal(shell(WRITE_FILE_FUNCTION, line), '0\nsame');
  t.equal(statSync(file).mtimeMs, before);
  chmodSync(file, 0o666);
  t.equal(shell(WRITE_FILE_FUNCTION, line), '1\nchanged');
  t.equal(statSync(file).mode & 0o777, 0o640);
  t.end();
});

t.test('two coordinators: addresses and roots of the bucket, which stay where it does not answer', (t) => {
  const folder = t.testdir({ bucket: { channels: {}, ca: {} } });
  const put = (name: string, text: string): void => writeFileSync(path.join(folder, 'bucket', name), text);
  const functions = `${WRITE_FILE_FUNCTION}
${STANDBY_FUNCTIONS}
COORDINATORS_FILE=${folder}/coordinators OTHER_ROOT_FILE=${folder}/other
log() { echo "$1"; }
systemctl() { return 1; }
systemd-run() { echo "again: $*"; }
openssl() { grep -q root "$3"; }
bucket_get() { cp "${folder}/bucket/$1" "$2"; }
COORDINATOR=wss://10.64.0.10
look() { choose_coordinators; echo root-1 >${folder}/roots; add_root ca/root-2.pem ${folder}/roots; echo "$COORDINATOR $(tr '\\n' ' ' <${folder}/roots)"; }`;
  const look = (): string => shell(functions, 'look').trim();
  t.equal(look(), 'wss://10.64.0.10 root-1', 'a fleet without the channel');
  put('channels/coordinators', 'wss://10.64.0.10,wss://10.64.15.253\n');
  t.match(look(), /ca\/root-2\.pem is not in the bucket yet[^]*again: .*--on-active=10min[^]* root-1$/);
  put('ca/root-2.pem', 'root-2\n');
  t.equal(look(), 'wss://10.64.0.10,wss://10.64.15.253 root-1 root-2');
  for (const gone of ['channels/coordinators', 'ca/root-2.pem']) rmSync(path.join(folder, 'bucket', gone));
  t.equal(look(), 'wss://10.64.0.10,wss://10.64.15.253 root-1 root-2');
  put('channels/coordinators', 'wss://10.64.0.10;reboot\n');
  t.match(look(), /does not hold one or two addresses[^]*wss:\/\/10\.64\.15\.253 root-1 root-2$/);
  put('channels/coordinators', 'wss://10.64.0.10\n');
  t.equal(look(), 'wss://10.64.0.10 root-1', 'back to one');
  t.end();
});

t.test('install_program: nothing but the announced checksum is used, and the switch is one step', (t) => {
  const folder = t.testdir();
  mkdirSync(path.join(folder, 'tree'));
  writeFileSync(path.join(folder, 'tree', 'longshore-agent'), '#!/bin/sh\n', { mode: 0o755 });
  execFileSync('tar', ['-C', path.join(folder, 'tree'), '-czf', path.join(folder, 'good.tar.gz'), 'longshore-agent']);
  writeFileSync(path.join(folder, 'bad.tar.gz'), 'something else');
  const sha256 = execFileSync('sha256sum', [path.join(folder, 'good.tar.gz')], { encoding: 'utf8' }).slice(0, 64);
  const functions = `${WRITE_FILE_FUNCTION}\n${SETUP_FUNCTIONS}\nCHANGES_FILE=${folder}/changes\nPROGRAMS=${folder}/programs\nfetch_program() { echo asked >>${folder}/asked; cp "${folder}/$2" "$3"; }\n`;
  const asked = (): number => readFileSync(path.join(folder, 'asked'), 'utf8').trim().split('\n').length;

  const refused = shell(functions, `install_program ${sha256} bad.tar.gz || echo refused; ls -A ${folder}/programs`);
  t.match(refused, /not the checksum/);
  t.match(refused, /refused$/, 'and nothing is left of it');

  const line = `install_program ${sha256} good.tar.gz; switch_link "$PROGRAM_FOLDER/longshore-agent" ${folder}/agent; changed ${folder}/agent && echo yes || echo no; all_settled`;
  t.match(shell(functions, line), /yes$/);
  t.ok(statSync(path.join(folder, 'agent')).isFile());
  t.equal(asked(), 2);
  t.equal(shell(functions, line), 'no');
  t.equal(asked(), 2, 'what is there is not fetched again');
  t.end();
});

t.test('forget_programs: what another part of the machine runs stays', (t) => {
  const folder = t.testdir();
  const functions = `${WRITE_FILE_FUNCTION}\n${SETUP_FUNCTIONS}\nPROGRAMS=${folder}/programs\n`;
  const make = ['aaa', 'bbb', 'ccc', 'ddd'].map(
    (name, day) => `mkdir -p "$PROGRAMS/${name}"; touch -d 2026-01-0${day + 1} "$PROGRAMS/${name}"`,
  );
  const line = `${make.join('; ')}; ln -s "$PROGRAMS/aaa" "$PROGRAMS/coordinator"; forget_programs "$PROGRAMS/ddd"; ls "$PROGRAMS"`;
  t.equal(shell(functions, line), 'aaa\nccc\ncoordinator\nddd');
  t.end();
});

function shell(functions: string, line: string): string {
  return execFileSync('bash', ['-c', `set -euo pipefail\n${functions}\n${line}`], { encoding: 'utf8' }).trim();
}

t.test('choose_ingress_image: takes up what the fleet names once it could be pulled, and lets go of it again', (t) => {
  const folder = t.testdir();
  const choice = path.join(folder, 'ingress-image');
  /** @param pulls whether the image can be had */
  const run = (channel: string | null, pulls: boolean): string =>
    shell(
      `${WRITE_FILE_FUNCTION}\n${AGENT_FUNCTIONS}`,
      `INGRESS_CHOICE=${choice}
log() { echo "log: $*"; }
bucket_get() { ${channel === null ? 'return 1' : `printf '%s\\n' '${channel}' >"$2"`}; }
docker() { return ${pulls ? '0' : '1'}; }
timeout() { shift; "$@"; }
choose_ingress_image
COORDINATOR=wss://x NAME=h HEALTH_LISTEN= ACME_EMAIL= TRUSTED_PROXIES=
agent_config | grep -A1 ingress: || true`,
    );

  t.equal(run('default', true), '');
  t.match(run('caddy:2.10.2', false), /^log: ingress: caddy:2\.10\.2 cannot be pulled; the image of before stays$/);
  t.equal(run('caddy:2.10.2', true), 'ingress:\n  image: "caddy:2.10.2"');
  t.match(run('caddy:2.11.0', false), /cannot be pulled[^]*image: "caddy:2\.10\.2"$/);
  t.match(run('$(reboot)', true), /is not the name of an image[^]*image: "caddy:2\.10\.2"$/);
  t.equal(run(null, true), 'ingress:\n  image: "caddy:2.10.2"', 'the bucket cannot be read');
  t.equal(run('default', true), '');
  t.end();
});
