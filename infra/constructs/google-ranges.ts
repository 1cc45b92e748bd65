/** Address ranges that Google publishes: where its probes, its balancers and its login proxy come from. */

/** Identity-Aware Proxy, for TCP: the only source of SSH. */
export const IAP_RANGE = '35.235.240.0/20';
/** Global balancers: both their probes and the requests that they pass on. Also the probes of autohealing. */
export const BALANCER_RANGES: readonly string[] = ['130.211.0.0/22', '35.191.0.0/16'];
/** Probes of passthrough balancers. Requests keep the address of whoever sent them. */
export const PASSTHROUGH_PROBE_RANGES: readonly string[] = ['35.191.0.0/16', '209.85.152.0/22', '209.85.204.0/22'];
export const EVERYWHERE = '0.0.0.0/0';
