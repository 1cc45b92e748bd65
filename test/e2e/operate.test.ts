/**
 * Longshore on machines that somebody owns, by the documentation alone: the commands of docs/operations.md make one the
 * coordinator, the command that enroll-token prints makes another its host, and both are taken off again.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { buildCache } from '../../scripts/build/platforms.ts';
import { buildProgramArchives } from '../../scripts/build/program-archives.ts';
import type { Vm } from '../../scripts/vm/run-vm.ts';
import { SmallCloud } from '../../scripts/vm/small-cloud.ts';
import { engineForTests, needed } from '../support/engine.ts';
import { pollUntil } from '../support/poll-until.ts';
import { inVm, serveImage, vmsAreMissing } from '../support/vm-stage.ts';

const NAME = 'ship.vm.test';
const CA = '/root/root.pem';
const UNIT = 'longshore-coordinator';

const { engine } = await engineForTests();
const skip = await vmsAreMissing();

t.test('a coordinator and a host by the documentation, and off again', { skip }, async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'longshore-operate-stage-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const cloud = await SmallCloud.start('longshore-operate-test');
  t.teardown(() => cloud.stop());
  const programs = path.join(folder, 'programs');
  await buildProgramArchives({
    output: programs,
    work: path.join(folder, 'build'),
    cache: buildCache(process.env),
    platforms: ['x64'],
  });
  certificateFor(cloud.certificates, folder);
  // What `scp` brings.
  const ship = await cloud.startVm('ship', {
    dns: ['127.0.0.1'],
    routes: [],
    sysctls: ['net.ipv4.ip_unprivileged_port_start=1024'],
    mounts: [`${folder}:/brought:ro`, `${cloud.certificates}/root.pem:${CA}:ro`],
  });
  const address = await ship.address();
  const host = await cloud.startVm('edge', { dns: ['127.0.0.1'], routes: [], hosts: [`${NAME}:${address}`] });
  await bootedUp(ship);
  await inVm(ship, `echo '127.0.0.1 ${NAME}' >>/etc/hosts; cp /brought/programs/*.tar.gz /brought/*.pem /root/`);
  const blocks = shellBlocks('Set up a coordinator');
  const installBlock = blocks.find((block) => block.includes('longshore-coordinator install')) ?? '';
  const loginBlock = blocks.find((block) => block.includes('longshore login')) ?? '';
  /** As a person would, in root's home. The machine's root is one of its own, which the page names a setting for. */
  const asWritten = (block: string): string =>
    `set -euo pipefail; cd /root; sudo() { "$@"; }; export NODE_EXTRA_CA_CERTS=${CA}\n${block
      .replaceAll('ship.example.com', NAME)
      .replace('/tls/privkey.pem\n', `/tls/privkey.pem --ca-file ${CA_IN_ETC}\n`)}`;
  const longshore = (line: string): Promise<string> => inVm(ship, `NODE_EXTRA_CA_CERTS=${CA} longshore ${line}`);
  const pid = (): Promise<string> => inVm(ship, `systemctl show -p MainPID --value ${UNIT}`);
  const hosts = async (): Promise<readonly { id: string; connected: boolean }[]> =>
    JSON.parse(await longshore('hosts --json')) as { id: string; connected: boolean }[];
  const connected = (): Promise<readonly { id: string }[]> =>
    pollUntil(hosts, (rows) => rows.length === 1 && rows[0]?.connected === true, 120_000);

  await t.test('the commands of the page make it the coordinator, on port 443', async (t) => {
    t.equal(await inVm(ship, 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start'), '1024');
    await inVm(ship, `install -D -m 600 ${CA} ${CA_IN_ETC}`);
    const said = await inVm(ship, asWritten(installBlock));
    t.match(said, /done: the coordinator of https:\/\/ship\.vm\.test runs/);
    t.match(said, /admin token is in \/var\/lib\/longshore-coordinator\/admin-token/);
    t.equal(await inVm(ship, `curl -sf --cacert ${CA} https://${NAME}/healthz >/dev/null; echo $?`), '0');
    const state = await inVm(ship, `systemctl show -p ActiveState,NRestarts,StatusText,User ${UNIT}`);
    t.match(state, /ActiveState=active/);
    t.match(state, /NRestarts=0/);
    t.match(state, /StatusText=ready; 0 of 0 hosts connected/);
    t.match(state, /User=longshore-coordinator/);
    t.equal(await inVm(ship, 'systemctl --failed --no-legend --plain'), '');
    await inVm(ship, asWritten(loginBlock.split('\n').slice(0, 2).join('\n')));
    t.match(await longshore('doctor'), /ok/);
  });

  await t.test('run again it repairs, overwrites no setting, and restarts only what changed', async (t) => {
    await inVm(ship, 'echo "# mine" >>/etc/longshore/coordinator.yaml');
    const before = await pid();
    t.match(await inVm(ship, `${UNIT} install`), /coordinator\.yaml stays as it is/);
    t.equal(await pid(), before);
    t.match(await inVm(ship, 'cat /etc/longshore/coordinator.yaml'), /# mine$/);
    await inVm(ship, `rm /etc/systemd/system/${UNIT}.service /usr/local/bin/${UNIT}`);
    await inVm(ship, '/usr/local/lib/longshore/coordinator/longshore-coordinator install');
    t.equal(await inVm(ship, `systemctl is-enabled ${UNIT}; ${UNIT} --version | cut -d' ' -f1`), `enabled\n${UNIT}`);
    for (const wrong of ['install --public-url https://other.example.com', 'install --nonsense', 'uninstall --all']) {
      const { code, stderr } = await ship.exec([UNIT, ...wrong.split(' ')]);
      t.equal(code, 2, stderr);
    }
    const user = await ship.exec(['runuser', '-u', 'nobody', '--', UNIT, 'install']);
    t.equal(user.code, 2);
    t.match(user.stderr, /must run as root/);
  });

  await t.test('SIGHUP ends nothing, and one that was stopped is started again', async (t) => {
    const before = await pid();
    await inVm(ship, `kill -HUP ${before}`);
    await pollUntil(
      () => inVm(ship, `journalctl --no-pager -u ${UNIT}`),
      (text) => text.includes('SIGHUP'),
      30_000,
    );
    t.equal(await pid(), before);
    // The interval of the unit is a minute; nothing else differs.
    const dropIn = `/run/systemd/system/${UNIT}.service.d`;
    await inVm(ship, `mkdir -p ${dropIn}; printf '[Service]\\nWatchdogSec=6\\n' >${dropIn}/test.conf`);
    await inVm(ship, `systemctl daemon-reload; systemctl restart ${UNIT}`);
    const stopped = await pid();
    await inVm(ship, `kill -STOP ${stopped}`);
    await pollUntil(pid, (now) => now !== stopped && now !== '0', 60_000);
    await pollUntil(
      () => ship.exec(['systemctl', 'is-active', UNIT]),
      ({ code }) => code === 0,
      60_000,
    );
    t.match(await inVm(ship, `journalctl --no-pager -u ${UNIT}`), /[Ww]atchdog timeout/);
    await inVm(ship, `rm -r ${dropIn}; systemctl daemon-reload; systemctl restart ${UNIT}`);
  });

  let hostId = '';
  await t.test('another machine becomes its host, and runs an app', async (t) => {
    await bootedUp(host);
    const output = await longshore('enroll-token 2>&1');
    const command = commandOf(output);
    const token = output.split('\n').find((line) => line.startsWith('lse_') || /^[\w-]{20,}$/.test(line)) ?? '';
    await host.output(['bash', '-c', `cd /root && ${command}`], { input: `${token}\n` });
    hostId = (await connected())[0]?.id ?? '';
    const image = await serveImage(t, cloud, needed(engine).registry);
    await ship.output(['tee', '/root/compose.yaml'], { input: composeFile(image) });
    await longshore('deploy -f /root/compose.yaml');
    t.equal(await inVm(host, ours(hostId, 'ps -q')).then(count), 1);
    t.equal(await inVm(host, ours(hostId, 'volume ls -q')).then(count), 1);
  });

  await t.test('uninstall takes the agent off and leaves its app running; Docker starts again', async (t) => {
    const said = await inVm(host, 'longshore-agent uninstall');
    t.match(said, /removed: agent, drain, metadata guard/);
    t.match(said, new RegExp(`longshore hosts remove ${hostId}`));
    t.equal(await inVm(host, ours(hostId, 'ps -q')).then(count), 1);
    t.equal(await inVm(host, LEFT), '/etc/longshore/agent.yaml\n/etc/longshore/coordinator-ca.pem');
    t.equal(await inVm(host, 'systemctl --failed --no-legend --plain'), '');
    await inVm(host, 'test ! -e /etc/docker/daemon.json && ! nft list table inet longshore_metadata 2>/dev/null');
    await inVm(
      host,
      `${RESTART_DOCKER} && docker version >/dev/null && test -s /var/lib/longshore-agent/identity.json`,
    );
    const { code, stderr } = await host.exec([
      'bash',
      '-c',
      'systemctl stop docker docker.socket && systemctl start docker',
    ]);
    t.equal(code, 0, stderr);
  });

  await t.test('install.sh makes it the same host again, without a token', async (t) => {
    await host.output(['bash', '-c', `cd /root && ${commandOf(await longshore('enroll-token 2>&1'))}`]);
    t.equal((await connected())[0]?.id, hostId);
  });

  await t.test('uninstall --purge leaves volumes, and nothing else', async (t) => {
    const said = await inVm(host, 'longshore-agent uninstall --purge');
    t.match(said, /docker volume rm \S+/);
    t.equal(await inVm(host, `${ours(hostId, 'ps -aq')}; ${ours(hostId, 'network ls -q')}`), '');
    t.equal(await inVm(host, ours(hostId, 'volume ls -q')).then(count), 1);
    t.equal(await inVm(host, LEFT), '');
    await inVm(host, `test ! -e /var/lib/longshore-agent && { ${RESTART_DOCKER}; } && docker version >/dev/null`);
  });

  await t.test('the coordinator comes off with its data kept, comes back, and goes for good', async (t) => {
    t.match(await inVm(ship, `${UNIT} uninstall`), /kept: data \(\/var\/lib\/longshore-coordinator\)/);
    t.match(await inVm(ship, `${LEFT}; ls /var/lib/longshore-coordinator`), /coordinator\.yaml[^]*coordinator\.db/);
    await inVm(ship, '/root/coordinator/longshore-coordinator install');
    t.equal((await hosts())[0]?.id, hostId, 'the login and the data are those from before');
    await inVm(ship, `${UNIT} uninstall --purge`);
    t.equal(await inVm(ship, `${LEFT}; ls /var/lib | grep longshore; getent passwd ${UNIT} || true`), TLS_LEFT);
  });
});

/** Docker's unit may be started three times a minute; this counts from there anew. */
const RESTART_DOCKER = 'systemctl reset-failed docker.service; systemctl restart docker';
const CA_IN_ETC = '/etc/longshore/tls/root.pem';
/** What of ours is in a machine's own folders. */
const LEFT =
  "find /etc/longshore /usr/local/lib/longshore /usr/local/bin /etc/systemd -name '*.conf' -path '*longshore*' -o -path '*longshore*' \\( -type f -o -type l \\) 2>/dev/null | sort || true";
const TLS_LEFT = ['fullchain.pem', 'privkey.pem', 'root.pem'].map((name) => `/etc/longshore/tls/${name}`).join('\n');
const ours = (host: string, verb: string): string => `docker ${verb} --filter label=longshore.host=${host}`;
const count = (lines: string): number => (lines === '' ? 0 : lines.split('\n').length);

/** The fenced shell blocks of a section of docs/operations.md. */
function shellBlocks(title: string): readonly string[] {
  const page = readFileSync('docs/operations.md', 'utf8');
  const section = page.split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/```sh\n([^]*?)```/g)].map(([, text = '']) => text);
}

function commandOf(output: string): string {
  const command = /^ +(curl [^]*?longshore-install\.sh)\n\n/m.exec(output)?.[1];
  if (command === undefined) throw new Error(`no command in: ${output}`);
  return command.replace('sudo bash', 'bash');
}

/** Signed by the cloud's root, for the coordinator's name. */
function certificateFor(authority: string, folder: string): void {
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', ...key, '-subj', `/CN=${NAME}`, '-keyout', 'privkey.pem', '-out', 'request.pem');
  writeFileSync(path.join(folder, 'names'), `subjectAltName=DNS:${NAME}\n`);
  const signing = ['-CA', `${authority}/root.pem`, '-CAkey', `${authority}/root.key`, '-CAcreateserial'];
  openssl(
    'x509',
    '-req',
    '-in',
    'request.pem',
    ...signing,
    '-days',
    '30',
    '-extfile',
    'names',
    '-out',
    'fullchain.pem',
  );
}

async function bootedUp(vm: Vm): Promise<void> {
  await pollUntil(
    () => vm.exec(['systemctl', 'is-system-running']),
    ({ stdout }) => /running|degraded/.test(stdout),
    120_000,
  );
}

function composeFile(image: string): string {
  return `name: hello
services:
  web:
    image: ${image}
    command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 1; done"]
    volumes: [data:/data]
volumes:
  data: {}
x-longshore:
  schedule: off
`;
}
