import t from 'tap';
import { closedPorts } from '../../../agent/firewall-input.ts';

const UFW = (user: readonly string[]): string =>
  [
    '-P INPUT DROP',
    '-P FORWARD DROP',
    '-N ufw-user-input',
    '-A INPUT -j ufw-before-logging-input',
    '-A INPUT -j ufw-before-input',
    '-A INPUT -j ufw-reject-input',
    '-A FORWARD -i docker0 -j ACCEPT',
    '-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT',
    '-A ufw-before-input -i lo -j ACCEPT',
    '-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-A ufw-before-input -p icmp -m icmp --icmp-type 8 -j ACCEPT',
    '-A ufw-before-input -p udp -m udp --sport 67 --dport 68 -j ACCEPT',
    '-A ufw-before-input -j ufw-not-local',
    '-A ufw-before-input -d 224.0.0.251/32 -p udp -m udp --dport 5353 -j ACCEPT',
    '-A ufw-before-input -j ufw-user-input',
    '-A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN',
    '-A ufw-not-local -m limit --limit 3/min -j ufw-logging-deny',
    '-A ufw-not-local -j DROP',
    ...user,
    '-A ufw-user-limit-accept -j ACCEPT',
    '-A ufw-skip-to-policy-output -j ACCEPT',
  ].join('\n');

const PORTS = [80, 443];

t.test('closedPorts: what ufw lets in is open', (t) => {
  t.same(closedPorts(UFW(['-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT']), PORTS), [80, 443]);
  t.same(closedPorts(UFW(['-A ufw-user-input -p tcp -m tcp --dport 80 -j ACCEPT']), PORTS), [443]);
  t.same(closedPorts(UFW(['-A ufw-user-input -p tcp -m multiport --dports 80,443 -j ACCEPT']), PORTS), []);
  t.same(closedPorts(UFW(['-A ufw-user-input -p tcp -m multiport --dports 70:90 -j ACCEPT']), PORTS), [443]);
  t.same(closedPorts(UFW(['-A ufw-user-input -p tcp -m tcp --dport 80 -j ufw-user-limit-accept']), PORTS), [443]);
  t.same(closedPorts(UFW(['-A ufw-user-input -p udp -m udp --dport 443 -j ACCEPT']), PORTS), [80, 443]);
  t.end();
});

t.test('closedPorts: what some machines may reach is not closed', (t) => {
  t.same(closedPorts(UFW(['-A ufw-user-input -s 10.0.0.0/8 -p tcp -m tcp --dport 80 -j ACCEPT']), PORTS), [443]);
  t.same(closedPorts(UFW(['-A ufw-user-input -i tailscale0 -j ACCEPT']), PORTS), []);
  t.same(closedPorts(UFW(['-A ufw-user-input -m comment --comment "a -j DROP" -j ACCEPT']), PORTS), []);
  t.end();
});

t.test('closedPorts: rules of other tools', (t) => {
  const rejects = [
    '-P INPUT ACCEPT',
    '-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT',
    '-A INPUT -p tcp -m state --state NEW -m tcp --dport 443 -j ACCEPT',
    '-A INPUT -j REJECT --reject-with icmp-host-prohibited',
  ].join('\n');
  t.same(closedPorts(rejects, PORTS), [80]);
  t.same(closedPorts('-P INPUT ACCEPT\n-A INPUT -p tcp -m tcp --dport 25 -j DROP', PORTS), []);
  t.same(closedPorts('-P INPUT DROP\n-A INPUT -j a\n-A a -j b\n-A b -j a', [80]), [], 'a loop ends');
  t.same(closedPorts('', PORTS), []);
  t.end();
});
