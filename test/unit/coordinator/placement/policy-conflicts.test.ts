import t from 'tap';
import { policyRefusal } from '../../../../coordinator/placement/policy-conflicts.ts';
import type { HostChanges } from '../../../../coordinator/release/plan-release.ts';
import type { HostAvailability } from '../../../../fleet/host.ts';
import type { HostPolicy } from '../../../../fleet/host-policy.ts';
import { anAppSpec, aService, hostId } from '../../../support/app-builders.ts';
import { aPolicy } from '../../../support/host-policy.ts';
import { aLiveHost } from '../../../support/live-host.ts';

interface Case {
  readonly policy?: HostPolicy | null;
  readonly connected?: boolean;
  readonly action?: HostChanges[number]['action'];
  readonly availability?: HostAvailability;
  readonly replicas?: number;
}

function refusalOf(given: Case = {}) {
  const { policy = aPolicy(), connected = true, action = 'create', availability = 'active', replicas = 1 } = given;
  const spec = anAppSpec({ services: { web: aService({ privileged: true }) } });
  const changes = new Map([[hostId(1), [{ service: 'web', replica: 1, action, because: [] }]]]);
  const hosts = [1, 2].map((number) => ({ id: hostId(number), name: `quay-${number}`, availability }));
  const placement = { [hostId(1)]: { web: replicas } };
  return policyRefusal(spec, placement, changes, hosts, () => aLiveHost({ connected, policy }));
}

t.test('policyRefusal: names the host, the service and what it asks for', (t) => {
  t.match(refusalOf(), {
    code: 'POLICY_REFUSED',
    message: 'place web: the policy of quay-1 does not allow web: privileged',
    details: [{ path: 'services.web' }],
  });
  t.equal(refusalOf()?.details.length, 1, 'a host that the app is not placed on is not asked');
  t.not(refusalOf({ action: 'replace' }), null);
  t.end();
});

t.test('policyRefusal: only where the host would start something, and is known to refuse it', (t) => {
  t.equal(refusalOf({ policy: aPolicy({ privileged: true }) }), null, 'allowed');
  t.equal(refusalOf({ policy: null }), null, 'an agent that does not state its policy');
  t.equal(refusalOf({ connected: false }), null, 'a host that is away');
  t.equal(refusalOf({ action: 'keep' }), null, 'it runs');
  t.equal(refusalOf({ action: 'remove' }), null);
  t.equal(refusalOf({ availability: 'paused' }), null, 'a paused host gets nothing new');
  t.equal(refusalOf({ replicas: 0 }), null, 'a service that does not run there');
  t.end();
});
