/** Puts the stand-in together: store, services, and what they answer through. Opens no socket. */
import path from 'node:path';
import { type CloudConfig, files, metadataAddress, ports } from './cloud-config.ts';
import { Addresses } from './compute/addresses.ts';
import { Compute } from './compute/compute.ts';
import { InstanceGroups } from './compute/instance-groups.ts';
import { Instances } from './compute/instances.ts';
import { Operations } from './compute/operations.ts';
import { Dispatch } from './dispatch.ts';
import { DnsZones } from './dns-zones.ts';
import { DockerFront } from './docker-front.ts';
import { IamPolicies } from './iam-policies.ts';
import { objectsAt, textAt } from './json.ts';
import type { Machines } from './machines/machines.ts';
import { MetadataServer } from './metadata/metadata-server.ts';
import { PackageTags } from './package-tags.ts';
import { Projects } from './projects.ts';
import { Repositories } from './repositories.ts';
import { Secrets } from './secrets.ts';
import { ServiceAccounts } from './service-accounts.ts';
import { SigningKey } from './signing-key.ts';
import type { Site } from './site.ts';
import { Buckets } from './storage/buckets.ts';
import { ObjectFiles } from './storage/object-files.ts';
import { Storage } from './storage/storage.ts';
import { Tokens } from './tokens.ts';
import { isGoogles } from './front.ts';

export interface Cloud {
  readonly dispatch: Dispatch;
  readonly docker: DockerFront;
  readonly metadata: MetadataServer;
  /** IPv4 addresses of a name, for machines. */
  lookup(name: string): readonly string[];
  /** Takes up what an earlier stand-in with the same folder had begun. */
  recover(): void;
}

export type CloudParts = Pick<CloudConfig, 'folder' | 'address' | 'publicPrefix' | 'owner'>;

export function buildCloud(site: Site, config: CloudParts, machines: Machines): Cloud {
  const policies = new IamPolicies(site);
  const tokens = new Tokens(site, config.owner);
  const projects = new Projects(site, policies);
  const accounts = new ServiceAccounts(site, policies);
  const secrets = new Secrets(site, policies);
  const tags = new PackageTags({
    site,
    policies,
    port: ports.registryBehind,
    images: path.join(config.folder, files.images),
  });
  const repositories = new Repositories(site, policies, tags);
  const zones = new DnsZones(site);
  const operations = new Operations(site);
  const addresses = new Addresses(site, config.publicPrefix);
  const instances = new Instances(site, operations, machines, addresses);
  const groups = new InstanceGroups(site, operations, instances);
  const compute = new Compute(site, operations, instances, groups, addresses);
  const storage = new Storage(site, new Buckets(site, policies), new ObjectFiles(path.join(config.folder, 'objects')));
  const key = new SigningKey(path.join(config.folder, files.signingKey));
  const docker = new DockerFront({ site, tokens, policies, repositories, port: ports.registryBehind });
  const dispatch = new Dispatch({
    site,
    tokens,
    policies,
    projects,
    services: {
      'compute.googleapis.com': (call) => compute.handle(call),
      'storage.googleapis.com': (call) => storage.handle(call),
      'iam.googleapis.com': (call) => accounts.handle(call),
      'cloudresourcemanager.googleapis.com': (call) => projects.resourceManager(call),
      'serviceusage.googleapis.com': (call) => projects.serviceUsage(call),
      'secretmanager.googleapis.com': (call) => secrets.handle(call),
      'artifactregistry.googleapis.com': (call) => repositories.handle(call),
      'dns.googleapis.com': (call) => zones.handle(call),
    },
    certificates: () => key.certificates(),
    docker: (call) => docker.handle(call, 'https'),
  });
  return {
    dispatch,
    docker,
    metadata: new MetadataServer(site, tokens, accounts, key),
    lookup: (name) => {
      if (name === 'metadata.google.internal' || name === 'metadata') return [metadataAddress];
      if (isGoogles(name)) return [config.address];
      return [...internalAddress(site, name), ...zones.addressesOf(name)];
    },
    recover: () => {
      instances.recover();
      groups.recover();
      operations.endAll();
    },
  };
}

/** `INSTANCE.ZONE.c.PROJECT.internal` */
function internalAddress(site: Site, name: string): string[] {
  const [instance = '', zone = '', ...rest] = name.split('.');
  if (rest.join('.') !== `c.${site.project}.internal`) return [];
  const body = site.store.get(`compute/projects/${site.project}/zones/${zone}/instances/${instance}`);
  const [port = {}] = objectsAt(body ?? {}, 'networkInterfaces');
  const address = textAt(port, 'networkIP');
  return address === undefined ? [] : [address];
}
