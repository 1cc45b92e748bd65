import t from 'tap';
import { LiveHosts } from '../../../../coordinator/hub/live-hosts.ts';
import { hostId } from '../../../support/app-builders.ts';
import { aPolicy } from '../../../support/host-policy.ts';

t.test('live hosts: the policy is the one of the newest hello', (t) => {
  const hosts = new LiveHosts();
  const host = hostId(1);
  hosts.opened(host, 1, { ingress: null, capabilities: ['restart'], policy: aPolicy({ privileged: true }) });
  t.match(hosts.known(host), { connected: true, policy: { privileged: true } });
  hosts.opened(host, 2, { ingress: null, capabilities: [] });
  t.same(hosts.known(host).capabilities, []);
  t.equal(hosts.known(host).policy, null, 'an older agent, after a downgrade, does not state one');
  t.end();
});
