import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import t from 'tap';
import { readNetworkCheck, type NetworkCheckFiles } from '../../../agent/network-check.ts';

const NOTHING = { 'metadata-guard': [], 'docker-firewall': [], firewall: [] };

async function open(t: { teardown(work: () => unknown): void }): Promise<NetworkCheckFiles> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'network-check-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return {
    guard: path.join(folder, 'guard.nft'),
    result: path.join(folder, 'result'),
    rules: path.join(folder, 'rules'),
  };
}

t.test('network check: a machine without a guard expects nothing', async (t) => {
  t.same(await readNetworkCheck(await open(t), [80, 443], Date.now()), NOTHING);
});

t.test('network check: what the machine found, by part', async (t) => {
  const files = await open(t);
  await writeFile(files.guard, '');
  await writeFile(files.result, '');
  t.same(await readNetworkCheck(files, [80, 443], Date.now()), NOTHING);
  await writeFile(
    files.result,
    'warning\tmetadata-guard\tput back\nfailing\tdocker-firewall\tgone: run it\nfailing\tnewer-part\twhat\nhalf',
  );
  t.same(await readNetworkCheck(files, [80, 443], Date.now()), {
    'metadata-guard': [{ failing: false, text: 'put back' }],
    'docker-firewall': [{ failing: true, text: 'gone: run it' }],
    firewall: [],
  });
});

t.test('network check: a look that does not happen any more is named', async (t) => {
  const files = await open(t);
  await writeFile(files.guard, '');
  t.match(await readNetworkCheck(files, [80, 443], Date.now()), {
    'metadata-guard': [{ failing: false, text: /is not running/ }],
  });
  await writeFile(files.result, 'failing\tdocker-firewall\tof long ago\n');
  await utimes(files.result, new Date(0), new Date(0));
  t.match(await readNetworkCheck(files, [80, 443], Date.now()), {
    'metadata-guard': [{ text: /is not running/ }],
    'docker-firewall': [],
  });
});

t.test('network check: ports of the ingress that the firewall keeps closed', async (t) => {
  const files = await open(t);
  await writeFile(files.guard, '');
  await writeFile(files.result, '');
  await writeFile(files.rules, '-P INPUT DROP\n-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT\n');
  t.match(await readNetworkCheck(files, [80, 443], Date.now()), {
    firewall: [{ failing: false, text: /none accepts TCP 443, where the ingress listens.*"ufw allow 443\/tcp"/ }],
  });
  t.same(await readNetworkCheck(files, [80], Date.now()), NOTHING);
});
