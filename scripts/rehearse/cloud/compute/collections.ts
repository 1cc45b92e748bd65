/**
 * The collections of Compute Engine that are rehearsed: where they live and what Google fills in on insert. A collection
 * that is not here is answered 501.
 */
import { type Json, type JsonObject, isObject, objectsAt } from '../json.ts';

export interface Collection {
  readonly kind: string;
  readonly scopes: readonly ('global' | 'regions' | 'zones')[];
  readonly defaults: (body: JsonObject, path: string) => JsonObject;
}

const none = (): JsonObject => ({});

export const collections: Readonly<Record<string, Collection>> = {
  networks: {
    kind: 'compute#network',
    scopes: ['global'],
    defaults: () => ({
      routingConfig: { routingMode: 'REGIONAL', bgpBestPathSelectionMode: 'LEGACY' },
      networkFirewallPolicyEnforcementOrder: 'AFTER_CLASSIC_FIREWALL',
    }),
  },
  subnetworks: {
    kind: 'compute#subnetwork',
    scopes: ['regions'],
    defaults: (body) => ({
      gatewayAddress: firstAddress(body['ipCidrRange']),
      purpose: 'PRIVATE',
      stackType: 'IPV4_ONLY',
      privateIpGoogleAccess: false,
      allowSubnetCidrRoutesOverlap: false,
      privateIpv6GoogleAccess: 'DISABLE_GOOGLE_ACCESS',
    }),
  },
  routes: {
    kind: 'compute#route',
    scopes: ['global'],
    defaults: () => ({ priority: 1000 }),
  },
  firewalls: {
    kind: 'compute#firewall',
    scopes: ['global'],
    defaults: () => ({ priority: 1000, direction: 'INGRESS', disabled: false, logConfig: { enable: false } }),
  },
  routers: { kind: 'compute#router', scopes: ['regions'], defaults: none },
  addresses: {
    kind: 'compute#address',
    scopes: ['regions'],
    defaults: (body) =>
      body['addressType'] === 'INTERNAL'
        ? { status: 'RESERVED', purpose: 'GCE_ENDPOINT', networkTier: 'PREMIUM' }
        : { status: 'RESERVED', addressType: 'EXTERNAL', networkTier: 'PREMIUM' },
  },
  disks: {
    kind: 'compute#disk',
    scopes: ['zones'],
    defaults: (body, path) => ({
      status: 'READY',
      sizeGb: '10',
      type: `${path.slice(0, path.lastIndexOf('/disks/'))}/diskTypes/pd-standard`,
      physicalBlockSizeBytes: '4096',
      enableConfidentialCompute: false,
      ...(typeof body['provisionedIops'] === 'string' ? {} : {}),
    }),
  },
  snapshots: {
    kind: 'compute#snapshot',
    scopes: ['global'],
    defaults: () => ({ status: 'READY', diskSizeGb: '10', storageBytes: '1' }),
  },
  resourcePolicies: { kind: 'compute#resourcePolicy', scopes: ['regions'], defaults: () => ({ status: 'READY' }) },
  healthChecks: {
    kind: 'compute#healthCheck',
    scopes: ['global', 'regions'],
    defaults: () => ({ checkIntervalSec: 5, timeoutSec: 5, healthyThreshold: 2, unhealthyThreshold: 2 }),
  },
  instanceTemplates: { kind: 'compute#instanceTemplate', scopes: ['global'], defaults: none },
  instances: { kind: 'compute#instance', scopes: ['zones'], defaults: none },
  instanceGroupManagers: { kind: 'compute#instanceGroupManager', scopes: ['zones'], defaults: none },
  instanceGroups: { kind: 'compute#instanceGroup', scopes: ['zones'], defaults: none },
  backendServices: {
    kind: 'compute#backendService',
    scopes: ['regions'],
    defaults: () => ({
      protocol: 'TCP',
      timeoutSec: 30,
      sessionAffinity: 'NONE',
      connectionDraining: { drainingTimeoutSec: 0 },
    }),
  },
  forwardingRules: {
    kind: 'compute#forwardingRule',
    scopes: ['regions'],
    defaults: () => ({ networkTier: 'PREMIUM', ipVersion: 'IPV4', IPProtocol: 'TCP' }),
  },
};

/** The gateway of a subnet is the first address of its range. */
function firstAddress(range: Json | undefined): string {
  const [address = '0.0.0.0'] = typeof range === 'string' ? range.split('/') : [];
  const parts = address.split('.').map(Number);
  return [...parts.slice(0, 3), (parts[3] ?? 0) + 1].join('.');
}

/** Fields whose change asks for the fingerprint of what was read. */
export function withFingerprints(kind: string, body: JsonObject, fingerprint: string): JsonObject {
  const marked: Record<string, Json> = { ...body };
  if (fingerprinted.has(kind)) marked['fingerprint'] = fingerprint;
  if (labelled.has(kind)) marked['labelFingerprint'] = fingerprint;
  for (const key of ['metadata', 'tags']) {
    const part = marked[key];
    if (isObject(part)) marked[key] = { ...part, fingerprint };
  }
  return marked;
}

const fingerprinted = new Set([
  'compute#subnetwork',
  'compute#instance',
  'compute#instanceGroupManager',
  'compute#backendService',
  'compute#forwardingRule',
]);
const labelled = new Set(['compute#address', 'compute#disk', 'compute#instance', 'compute#forwardingRule']);

/** NAT of a router, as Google completes it. */
export function completeRouter(body: JsonObject): JsonObject {
  const nats = objectsAt(body, 'nats').map((nat) => ({
    type: 'PUBLIC',
    enableEndpointIndependentMapping: false,
    endpointTypes: ['ENDPOINT_TYPE_VM'],
    autoNetworkTier: 'PREMIUM',
    icmpIdleTimeoutSec: 30,
    udpIdleTimeoutSec: 30,
    tcpEstablishedIdleTimeoutSec: 1200,
    tcpTransitoryIdleTimeoutSec: 30,
    tcpTimeWaitTimeoutSec: 120,
    ...nat,
  }));
  return nats.length === 0 ? body : { ...body, nats };
}
