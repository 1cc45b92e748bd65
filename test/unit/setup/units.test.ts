import { readFileSync } from 'node:fs';
import t from 'tap';
import { renderAgentUnit } from '../../../setup/agent-unit.ts';
import { renderCoordinatorUnit } from '../../../setup/coordinator-unit.ts';
import { DISK_MARK } from '../../../setup/disk-functions.ts';
import { renderDaemonJson } from '../../../setup/docker-setup.ts';
import { renderDrainProgram, renderDrainUnit } from '../../../setup/drain-unit.ts';
import { renderOsFiles } from '../../../setup/os-files.ts';

t.test('units: the files for people are the ones that machines get (npx tsx scripts/write-units.ts)', (t) => {
  t.equal(readFileSync('agent/longshore-agent.service', 'utf8'), renderAgentUnit());
  t.equal(readFileSync('coordinator/longshore-coordinator.service', 'utf8'), renderCoordinatorUnit('state-directory'));
  t.end();
});

t.test('agent unit: watched, started again always, and never given up', (t) => {
  const unit = renderAgentUnit();
  for (const line of [
    'Type=notify',
    'NotifyAccess=all',
    'WatchdogSec=120',
    'Restart=always',
    'StartLimitIntervalSec=0',
  ])
    t.ok(unit.split('\n').includes(line), line);
  t.end();
});

t.test('coordinator unit: not without its disk, and not on one without the mark', (t) => {
  const unit = renderCoordinatorUnit('data-disk');
  t.match(unit, /^RequiresMountsFor=\/var\/lib\/longshore-coordinator$/m);
  t.ok(unit.includes(`AssertPathExists=/var/lib/longshore-coordinator/${DISK_MARK}\n`));
  t.match(unit, /^User=longshore-coordinator$/m);
  t.end();
});

t.test('coordinator unit: elsewhere it needs no disk, may write its data, and may take port 443', (t) => {
  const unit = renderCoordinatorUnit('state-directory').split('\n');
  t.notOk(unit.some((line) => line.startsWith('AssertPathExists') || line.startsWith('RequiresMountsFor')));
  for (const line of [
    'StateDirectory=longshore-coordinator',
    'AmbientCapabilities=CAP_NET_BIND_SERVICE',
    'CapabilityBoundingSet=CAP_NET_BIND_SERVICE',
  ])
    t.ok(unit.includes(line), line);
  t.end();
});

t.test('coordinator unit: watched, and its helper may speak for it', (t) => {
  for (const place of ['data-disk', 'state-directory'] as const) {
    const unit = renderCoordinatorUnit(place).split('\n');
    for (const line of ['Type=notify', 'NotifyAccess=all', 'WatchdogSec=60', 'Restart=always'])
      t.ok(unit.includes(line), `${place}: ${line}`);
  }
  t.end();
});

t.test('drain: ends before Docker, the agent and the network, at power-off and not at reboot', (t) => {
  t.match(renderDrainUnit(), /^After=docker\.service longshore-agent\.service network-online\.target$/m);
  t.match(renderDrainProgram(), /\(poweroff\|halt\)/);
  t.notMatch(renderDrainProgram(), /reboot/);
  t.end();
});

t.test('daemon.json: containers outlive the daemon, and logs are bounded', (t) => {
  t.same(JSON.parse(renderDaemonJson()), {
    'live-restore': true,
    'log-driver': 'local',
    'log-opts': { 'max-size': '10m', 'max-file': '3' },
  });
  t.end();
});

t.test('os files: nothing that runs containers updates or restarts by itself', (t) => {
  const text = (path: string): string => renderOsFiles().find((file) => file.path === path)?.text ?? '';
  const updates = text('/etc/apt/apt.conf.d/52longshore');
  for (const name of ['docker\\.io', 'docker-cli', 'containerd', 'runc']) t.ok(updates.includes(`"^${name}$";`), name);
  t.match(updates, /Automatic-Reboot "false"/);
  const restarts = text('/etc/needrestart/conf.d/longshore.conf');
  for (const name of ['docker', 'containerd', 'longshore']) t.ok(restarts.includes(`{qr(^${name})} = 0;`), name);
  t.match(text('/etc/systemd/journald.conf.d/longshore.conf'), /SystemMaxUse=500M/);
  t.end();
});
