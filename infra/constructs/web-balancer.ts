/**
 * Google's global balancer before a pool: TLS with certificates that Google gets and renews, and plain HTTP sent over to
 * it. Each name has a certificate of its own: Google takes up to 90 minutes for one that is new, and names that stay are
 * served meanwhile by the one that they have.
 */
import { ComputeBackendService } from '@cdktf/provider-google/lib/compute-backend-service/index.js';
import { ComputeGlobalAddress } from '@cdktf/provider-google/lib/compute-global-address/index.js';
import { ComputeGlobalForwardingRule } from '@cdktf/provider-google/lib/compute-global-forwarding-rule/index.js';
import { ComputeHealthCheck } from '@cdktf/provider-google/lib/compute-health-check/index.js';
import { ComputeManagedSslCertificate } from '@cdktf/provider-google/lib/compute-managed-ssl-certificate/index.js';
import { ComputeSslPolicy } from '@cdktf/provider-google/lib/compute-ssl-policy/index.js';
import { ComputeTargetHttpProxy } from '@cdktf/provider-google/lib/compute-target-http-proxy/index.js';
import { ComputeTargetHttpsProxy } from '@cdktf/provider-google/lib/compute-target-https-proxy/index.js';
import { ComputeUrlMap } from '@cdktf/provider-google/lib/compute-url-map/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { shortHash } from '../short-hash.ts';
import { AFTER_ITS_USERS } from './after-its-users.ts';
import { BALANCER_PROBE, DRAINING_SECONDS } from './balancer-probe.ts';

export interface WebBalancerProps {
  /** Fleet and pool, as all its parts are named. */
  readonly name: string;
  readonly domains: readonly string[];
  /** Of a certificate that holds several names; null: there is none. */
  readonly formerDomains: readonly string[] | null;
  readonly groups: readonly string[];
  readonly services: ITerraformDependable[];
}

/** Of one request; for a websocket that is its whole life. */
const LONGEST_REQUEST_SECONDS = 3_600;
const SCHEME = 'EXTERNAL_MANAGED';

export class WebBalancer extends Construct {
  readonly address: string;

  constructor(scope: Construct, id: string, { name, domains, formerDomains, groups, services }: WebBalancerProps) {
    super(scope, id);
    const address = new ComputeGlobalAddress(this, 'address', { name, addressType: 'EXTERNAL', dependsOn: services });
    const probe = new ComputeHealthCheck(this, 'probe', {
      name: `${name}-ready`,
      ...BALANCER_PROBE,
      dependsOn: services,
    });
    const backend = new ComputeBackendService(this, 'backend', {
      name,
      loadBalancingScheme: SCHEME,
      protocol: 'HTTP',
      portName: 'http',
      timeoutSec: LONGEST_REQUEST_SECONDS,
      healthChecks: [probe.id],
      connectionDrainingTimeoutSec: DRAINING_SECONDS,
      backend: groups.map((group) => ({ group, balancingMode: 'UTILIZATION', capacityScaler: 1 })),
    });
    const certificates = [
      ...(formerDomains === null
        ? []
        : [this.#certificate('certificate', `${name}-${shortHash(formerDomains.join(' '))}`, formerDomains, services)]),
      ...domains.map((domain) => {
        const id = `certificate-${domain.replaceAll('.', '-')}-${shortHash(domain)}`;
        // Never the name of one that holds several, whose list may be of this name alone.
        return this.#certificate(id, `${name}-${shortHash(`name ${domain}`)}`, [domain], services);
      }),
    ];
    const secure = new ComputeTargetHttpsProxy(this, 'secure', {
      name,
      urlMap: new ComputeUrlMap(this, 'map', { name, defaultService: backend.id }).id,
      sslCertificates: certificates,
      sslPolicy: new ComputeSslPolicy(this, 'tls', {
        name,
        profile: 'MODERN',
        minTlsVersion: 'TLS_1_2',
        dependsOn: services,
      }).id,
    });
    const plain = new ComputeTargetHttpProxy(this, 'plain', {
      name: `${name}-plain`,
      urlMap: new ComputeUrlMap(this, 'to-tls', {
        name: `${name}-to-tls`,
        defaultUrlRedirect: {
          httpsRedirect: true,
          stripQuery: false,
          redirectResponseCode: 'MOVED_PERMANENTLY_DEFAULT',
        },
        dependsOn: services,
      }).id,
    });
    this.#listen('443', name, address, secure.id);
    this.#listen('80', `${name}-plain`, address, plain.id);
    this.address = address.address;
  }

  #certificate(id: string, name: string, domains: readonly string[], services: ITerraformDependable[]): string {
    return new ComputeManagedSslCertificate(this, id, {
      name,
      managed: { domains: [...domains] },
      lifecycle: AFTER_ITS_USERS,
      dependsOn: services,
    }).id;
  }

  #listen(port: string, name: string, address: ComputeGlobalAddress, target: string): void {
    new ComputeGlobalForwardingRule(this, `rule-${port}`, {
      name,
      ipAddress: address.id,
      ipProtocol: 'TCP',
      portRange: port,
      loadBalancingScheme: SCHEME,
      target,
    });
  }
}
