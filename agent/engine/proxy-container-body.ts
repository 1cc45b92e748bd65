/** The create call of a proxy's container. Pure. */
import { HOST_LABEL, labelsOfAgent } from './engine-labels.ts';
import type { ProxyPlan } from './proxy-containers.ts';

/** Its value is the plan's hash. */
export const INGRESS_LABEL = 'longshore.ingress';

const LOG_BYTES = '5m';

export function proxyContainerBody(plan: ProxyPlan) {
  return {
    name: plan.name,
    Image: plan.image,
    Cmd: [...plan.command],
    Env: Object.entries(plan.environment).map(([name, value]) => `${name}=${value}`),
    Labels: { [HOST_LABEL]: plan.host, [INGRESS_LABEL]: plan.hash, ...labelsOfAgent(plan.dataDir) },
    ...(plan.user === null ? {} : { User: plan.user }),
    StopTimeout: Math.ceil(plan.stopTimeoutMs / 1000),
    // The image's own probe, if it has one, knows nothing of our listeners.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      NetworkMode: 'host',
      // After a crash and after a reboot it serves again before the agent is there.
      RestartPolicy: { Name: 'unless-stopped' },
      Binds: [...plan.binds],
      DnsOptions: [...plan.dnsOptions],
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': '' },
      CapDrop: ['ALL'],
      CapAdd: ['NET_BIND_SERVICE'],
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: 'json-file', Config: { 'max-size': LOG_BYTES, 'max-file': '2' } },
    },
  };
}
