// What the machine's own look writes down of real firewall rules, in a network namespace of its own.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import t from 'tap';
import { closedPorts } from '../../../agent/firewall-input.ts';
import { networkCheckFiles } from '../../../setup/network-check.ts';

const hasIptables = (): boolean => {
  try {
    execFileSync('iptables', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const skip = process.getuid?.() === 0 && hasIptables() ? false : 'a network namespace with iptables needs root';

t.test('network check: the ports that a firewall keeps closed are read from the kernel', { skip }, (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'longshore-firewall-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const program = networkCheckFiles('/nonexistent').find(({ path: file }) => file.endsWith('/network-check'));
  const script = path.join(folder, 'program');
  writeFileSync(script, (program?.text ?? '').replaceAll('/run/longshore/', `${folder}/`));
  const closedAfter = (rules: string): readonly number[] => {
    execFileSync('unshare', ['-n', 'bash', '-ec', `${rules}\nbash ${script}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return closedPorts(readFileSync(path.join(folder, 'firewall-rules'), 'utf8'), [80, 443]);
  };

  t.same(closedAfter('iptables -w -P INPUT ACCEPT'), []);
  const drops = `
    iptables -w -A INPUT -i lo -j ACCEPT
    iptables -w -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    iptables -w -N allowed
    iptables -w -A INPUT -j allowed
    iptables -w -P INPUT DROP`;
  t.same(closedAfter(drops), [80, 443]);
  t.same(closedAfter(`${drops}\niptables -w -A allowed -p tcp --dport 80 -j ACCEPT`), [443]);
  t.same(closedAfter(`${drops}\niptables -w -A allowed -p tcp -m multiport --dports 22,80,443 -j ACCEPT`), []);
  t.end();
});
