/**
 * The machine, shown on a real one: Debian 13 with systemd and its own Docker Engine runs the startup script that
 * Terraform puts into the metadata, and becomes a host. One machine goes through all of it, in the order of the tests.
 */
import { chmodSync } from 'node:fs';
import t, { type Test } from 'tap';
import { renderStartupScript } from '../../setup/render-startup-script.ts';
import type { Vm } from '../../scripts/vm/run-vm.ts';
import { engineForTests, needed } from '../support/engine.ts';
import { pollUntil } from '../support/poll-until.ts';
import { inVm, serveImage, vmsAreMissing, VmStage } from '../support/vm-stage.ts';

const HOST = 'vm-web-1';
const METADATA_TOKEN = 'http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token';
/** Everything that a setup may change, with the time of the change. */
const FILES =
  "find /etc /usr/local /var/lib/longshore-agent/identity.json /var/lib/dpkg/status -not -name 'resolv.conf' -not -name hosts -not -name hostname -not -name mtab -type f -printf '%p %m %T@\\n' | sort";
/** Shows what stands in command lines, where every user of the machine can read it. */
const CURL_THAT_TELLS = '#!/bin/bash\nprintf "%s\\n" "$*" >>/var/log/curl-arguments\nexec /usr/bin/curl "$@"\n';

const { engine } = await engineForTests();
const skip = await vmsAreMissing();

t.test('a Debian machine becomes a host by its startup script, and stays one', { skip }, async (t) => {
  const stage = await VmStage.start(t, 'longshore-vm-test');
  const { cloud } = stage;
  const { token } = await stage.call<{ token: string }>('POST', '/v1/enroll-tokens', { pool: 'web' });
  const tokenFile = stage.write('enroll-token', token);
  const curl = stage.write('curl', CURL_THAT_TELLS);
  chmodSync(curl, 0o755);
  cloud.setMetadata(stage.hostMetadata(HOST, renderStartupScript({ role: 'agent' })));
  const vm = await cloud.startVm(HOST, {
    mounts: [`${tokenFile}:/etc/longshore/enroll-token:ro`, `${curl}:/usr/local/bin/curl:ro`],
  });
  const elsewhere = await cloud.startPlainVm('vm-edge-1');
  // Beside the first one, because both mostly wait for their disks.
  const installed = installBy(stage, elsewhere);
  installed.catch(() => undefined);
  const address = await vm.address();
  const serves = async (): Promise<string> => {
    const answer = await fetch(`http://${address}/`, { signal: AbortSignal.timeout(15_000) });
    return (await answer.text()).trim();
  };
  const image = await serveImage(t, cloud, needed(engine).registry);
  const deploy = async (t: Test, metadata: 'deny' | 'allow'): Promise<void> => {
    const file = stage.write('compose.yaml', composeFile(image, metadata));
    const { exit, output } = await stage.run('deploy', '-f', file);
    t.equal(exit, 0, output);
  };
  const question = `timeout 4 wget -q -O - --header "Metadata-Flavor: Google" ${METADATA_TOKEN} || echo no answer`;
  const container = (on: Vm): Promise<string> =>
    inVm(on, 'docker ps -q --filter label=longshore.app=hello | head -n 1');
  /** What the app on a machine hears from its metadata server. */
  const ask = async (on: Vm): Promise<string> =>
    (await on.output(['docker', 'exec', await container(on), 'sh', '-c', question])).trim();
  const pid = (): Promise<string> => inVm(vm, 'systemctl show -p MainPID --value longshore-agent');

  await t.test('the script runs to the end, the agent enrols, and its unit says so', async (t) => {
    const host = await stage.hostUntil(HOST, ({ connected }) => connected, 180_000);
    t.equal(host.pool, 'web');
    const state = await inVm(vm, 'systemctl show -p ActiveState,SubState,StatusText longshore-agent');
    t.match(state, /ActiveState=active\nSubState=running/);
    t.match(state, /StatusText=\S+/);
    await setupIsDone(vm);
    t.equal(await inVm(vm, 'systemctl --failed --no-legend --plain'), '');
    t.equal(await inVm(vm, 'cat /etc/docker/daemon.json | tr -d " \\n"'), dockerSettings);
    t.equal(
      await inVm(vm, 'docker info -f "{{.LiveRestoreEnabled}} {{.LoggingDriver}} {{.Driver}}"'),
      'true local overlay2',
    );
    const held = await inVm(vm, 'apt-config dump Unattended-Upgrade::Package-Blacklist');
    for (const name of ['docker', 'containerd', 'runc']) t.match(held, name);
  });

  await t.test('its unit is hardened: at most 5.0 of systemd-analyze security', async (t) => {
    const said = await inVm(vm, 'systemd-analyze security --no-pager longshore-agent.service | tail -n 1');
    const score = Number(/level for longshore-agent\.service: ([\d.]+)/.exec(said)?.[1]);
    t.ok(score <= 5.0, said);
  });

  await t.test("the machine's token stands in no command line and in no log", async (t) => {
    t.match(await inVm(vm, 'cat /var/log/curl-arguments'), /storage\.googleapis\.com/);
    const withToken = (line: string): ReturnType<Vm['exec']> =>
      vm.exec(['bash', '-c', `token=$(cat); ${line}`], { input: `${cloud.token}\n` });
    const inFiles = (): ReturnType<Vm['exec']> =>
      withToken('grep -rlF -f <(printf "%s\\n" "$token") /var/log /etc /usr/local');
    const inJournal = (): ReturnType<Vm['exec']> =>
      withToken('journalctl --no-pager | grep -F -f <(printf "%s\\n" "$token")');
    for (const found of [await inFiles(), await inJournal()]) {
      t.equal(found.stdout, '');
      t.equal(found.code, 1, found.stderr);
    }
    // Where it does stand somewhere, both find it.
    t.equal((await withToken('printf "%s\\n" "$token" | tee /var/log/planted | systemd-cat')).code, 0);
    t.match((await inFiles()).stdout, '/var/log/planted\n');
    await pollUntil(inJournal, ({ code }) => code === 0, 10_000);
  });

  await t.test('a deploy reaches it', async (t) => {
    await deploy(t, 'deny');
    t.equal(await serves(), 'hello from a vm');
  });

  await t.test('a container inside gets no answer from the metadata server, while DNS works', async (t) => {
    t.match(await inVm(vm, `curl -sf -H "Metadata-Flavor: Google" ${METADATA_TOKEN}`), cloud.token);
    t.equal(await ask(vm), 'no answer');
    const named = await inVm(vm, `docker exec ${await container(vm)} nslookup storage.googleapis.com 169.254.169.254`);
    t.match(named, /storage\.googleapis\.com/);
    for (const verb of ['flush', 'delete']) {
      await inVm(vm, `nft ${verb} table inet longshore_metadata`);
      t.match(await ask(vm), /access_token/, `${verb}: it is the guard that keeps the container away`);
      await inVm(vm, 'systemctl start longshore-setup');
      t.equal(await ask(vm), 'no answer', `${verb}: and the setup puts it back`);
    }
    // Its own look does, once a minute, and names what only a person may put back.
    await inVm(vm, 'nft delete table inet longshore_metadata; systemctl start longshore-network-check');
    t.equal(await ask(vm), 'no answer', 'the look of the machine puts it back');
    t.match(await inVm(vm, 'cat /run/longshore/network-check'), /^warning\tmetadata-guard\t/);
    await inVm(vm, 'systemctl restart nftables; systemctl start longshore-network-check');
    t.equal(await ask(vm), 'no answer', 'a restart of nftables leaves it in force');
    t.match(await inVm(vm, 'cat /run/longshore/network-check'), /^failing\tdocker-firewall\t/);
    await inVm(vm, 'systemctl restart docker; systemctl start longshore-network-check');
    t.equal(await inVm(vm, 'cat /run/longshore/network-check'), '', 'and all is well again');
  });

  await t.test('where the machine allows it, a service that opts in gets an answer, and nobody else', async (t) => {
    // The other machine is asked too: its own part of the app has to run by then. Its ingress does not, for want of
    // Caddy's image, so the host is never as it should be.
    await installed;
    await stage.hostUntil('vm-edge-1', ({ connected }) => connected, 180_000);
    await pollUntil(
      () => container(elsewhere),
      (id) => id !== '',
      180_000,
    );
    const allow = async (access: 'deny' | 'allow'): Promise<void> => {
      cloud.setMetadata({
        ...stage.hostMetadata(HOST, renderStartupScript({ role: 'agent' })),
        'instance/attributes/longshore-metadata-access': access,
      });
      await inVm(vm, 'systemctl start longshore-setup');
    };
    // Who may ask is written down only after the container has started, or the setup has ended.
    const untilLetThrough = (): Promise<string> =>
      pollUntil(
        () => ask(vm),
        (answer) => answer.includes(cloud.token),
        30_000,
      );
    await allow('allow');
    t.equal(await ask(vm), 'no answer', 'this one has not opted in');
    await deploy(t, 'allow');
    await untilLetThrough();
    await pollUntil(
      () => container(elsewhere),
      (id) => id !== '',
      60_000,
    );
    t.equal(await ask(elsewhere), 'no answer', 'a machine that does not allow it is not opened');
    const network = `$(docker inspect -f '{{.HostConfig.NetworkMode}}' ${await container(vm)})`;
    const sibling = `docker run --rm --network ${network} ${image} sh -c '${question}'`;
    t.equal(await inVm(vm, sibling), 'no answer', 'another container of the same network');
    await inVm(vm, 'systemctl start longshore-setup');
    await untilLetThrough();
    await allow('deny');
    t.equal(await ask(vm), 'no answer', 'and it ends with the right of the machine');
    t.equal(await inVm(vm, 'systemctl is-active longshore-metadata-access || true'), 'inactive');
  });

  await t.test('an agent that hangs is started again by the watchdog, while the app goes on serving', async (t) => {
    // The interval of the unit is two minutes; nothing else differs.
    await inVm(
      vm,
      'mkdir -p /run/systemd/system/longshore-agent.service.d && printf "[Service]\\nWatchdogSec=6\\n" >/run/systemd/system/longshore-agent.service.d/test.conf && systemctl daemon-reload && systemctl restart longshore-agent',
    );
    // Its own word, which is of the new process: what the coordinator says may still be of the old one.
    await pollUntil(
      () => vm.exec(['curl', '-sf', 'http://127.0.0.1:7411/readyz']),
      ({ code }) => code === 0,
      60_000,
    );
    // Traffic as it always is: Caddy asks the agent once after a change, and from then on not at all.
    t.equal(await serves(), 'hello from a vm');
    const before = await pid();
    await inVm(vm, `kill -STOP ${before}`);
    const taken: number[] = [];
    const after = await pollUntil(
      async () => {
        const from = performance.now();
        t.equal(await serves(), 'hello from a vm');
        taken.push(performance.now() - from);
        return pid();
      },
      (now) => now !== before && now !== '0',
      60_000,
    );
    const slowest = Math.round(Math.max(...taken));
    t.comment(`${taken.length} answers while the agent hung, the slowest in ${slowest} ms`);
    t.not(after, before);
    t.ok(taken.length > 2, `it answered ${taken.length} times meanwhile`);
    t.match(await inVm(vm, 'journalctl --no-pager -u longshore-agent'), /[Ww]atchdog timeout/);
    await stage.hostUntil(HOST, ({ connected, converged }) => connected && converged);
  });

  await t.test('what is missing is repaired by the next run of the setup', async (t) => {
    await inVm(
      vm,
      'rm /usr/local/bin/longshore-agent /etc/systemd/system/longshore-drain.service /etc/longshore/agent.yaml',
    );
    await inVm(vm, 'systemctl start longshore-setup');
    t.match(await inVm(vm, 'longshore-agent --version'), /^longshore-agent /);
    t.match(await inVm(vm, 'systemctl is-enabled longshore-drain.service'), 'enabled');
    await stage.hostUntil(HOST, ({ connected, converged }) => connected && converged);
  });

  await t.test('a reboot with the coordinator away brings the app back, and changes nothing', async (t) => {
    await stage.stopCoordinator();
    const files = await inVm(vm, FILES);
    await vm.reboot();
    await pollUntil(
      () => serves().catch(() => ''),
      (text) => text === 'hello from a vm',
      180_000,
    );
    t.equal(
      await pollUntil(
        () => vm.exec(['systemctl', 'is-active', 'longshore-agent']).then((r) => r.stdout.trim()),
        (state) => state === 'active',
        60_000,
      ),
      'active',
    );
    await setupIsDone(vm);
    t.equal(await inVm(vm, FILES), files);
    await stage.startCoordinator();
    await stage.hostUntil(HOST, ({ connected, converged }) => connected && converged);
  });

  await t.test('install.sh makes a machine elsewhere a host, by the command that enroll-token prints', async (t) => {
    const { output, again } = await installed;
    t.match(output, /done: this machine is host vm-edge-1/);
    const host = await stage.hostUntil('vm-edge-1', ({ connected }) => connected);
    t.equal(host.pool, 'edge');
    t.match(again, /engine: the one that is here/);
    t.equal(
      await inVm(elsewhere, 'ls /etc/longshore'),
      'agent.yaml\ncoordinator-ca.pem\ndrain-seconds\nmetadata-guard.nft',
    );
    t.equal(await inVm(elsewhere, 'systemctl show -p NRestarts --value longshore-agent'), '0');
    t.match(await inVm(elsewhere, 'nft list table inet longshore_metadata'), /169\.254\.169\.254/);
    const wrong = await elsewhere.exec(['bash', '/longshore-install.sh', '--tokenfile', 'x']);
    t.equal(wrong.code, 2);
    t.match(wrong.stderr, /there is no argument --tokenfile/);
  });

  await t.test('a power-off drains it first, and a reboot did not', async (t) => {
    const drained = async (): Promise<number> =>
      (
        await stage.call<{ items: readonly { kind: string; text: string }[] }>('GET', '/v1/events?limit=500')
      ).items.filter(({ kind, text }) => kind === 'host.draining' && text.includes('powers off')).length;
    t.equal(await drained(), 0);
    await vm.powerOff();
    await pollUntil(drained, (count) => count > 0, 30_000);
    await vm.start();
    await pollUntil(
      () => serves().catch(() => ''),
      (text) => text === 'hello from a vm',
      90_000,
    );
  });
});

const dockerSettings = '{"live-restore":true,"log-driver":"local","log-opts":{"max-size":"10m","max-file":"3"}}';

/** As a person does: the printed lines on the machine, the token where the script asks for it. */
async function installBy(stage: VmStage, vm: Vm): Promise<{ readonly output: string; readonly again: string }> {
  const { exit, output } = await stage.run('enroll-token', '--many', '--pool', 'edge');
  if (exit !== 0) throw new Error(output);
  const token = output.split('\n')[0] ?? '';
  const command = /^ +(curl [^]*?longshore-install\.sh)\n\n/m.exec(output)?.[1];
  if (command === undefined) throw new Error(`no command in: ${output}`);
  const line = command.replace('sudo bash', 'bash');
  const first = await vm.output(['bash', '-c', `cd / && ${line}`], { input: `${token}\n` });
  return { output: first, again: await vm.output(['bash', '-c', `cd / && ${line}`]) };
}

async function setupIsDone(vm: Vm): Promise<void> {
  await pollUntil(
    () => vm.exec(['systemctl', 'show', '-p', 'ActiveState,Result,ExecMainExitTimestampMonotonic', 'longshore-setup']),
    ({ stdout }) =>
      stdout.includes('ActiveState=inactive') && stdout.includes('Result=success') && !stdout.includes('Monotonic=0'),
    240_000,
  );
}

function composeFile(image: string, metadata: 'deny' | 'allow'): string {
  return `name: hello
services:
  web:
    image: ${image}
    command: [sh, -c, "mkdir -p /www && echo hello from a vm >/www/index.html && httpd -p 8080 -h /www; trap 'exit 0' TERM; while :; do sleep 1; done"]
    x-longshore:
      metadata: ${metadata}
      ingress:
        port: 8080
      health:
        http:
          port: 8080
          path: /
x-longshore:
  schedule: off
`;
}
