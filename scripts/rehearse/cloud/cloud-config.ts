/** What the driver of a rehearsal tells the stand-in, as a file: both run as different processes, perhaps for days. */
import { readFileSync } from 'node:fs';

export interface CloudConfig {
  /** Names containers and the label that they carry. */
  readonly name: string;
  readonly project: string;
  readonly projectNumber: string;
  /** Docker's network of the machines, and the stand-in's own address in it. */
  readonly network: string;
  readonly address: string;
  /** Three numbers of a loopback range: `127.77.0`. */
  readonly publicPrefix: string;
  /** Same path inside and outside of the container, as the engine mounts parts of it into machines. */
  readonly folder: string;
  /** Of the credentials file. */
  readonly owner: { readonly email: string; readonly publicKey: string };
  readonly image: { readonly node: string };
}

export const ports = { proxy: 3128, registry: 5001, control: 8079, registryBehind: 5000 } as const;
export const metadataAddress = '169.254.169.254';
export const rehearsalLabel = 'longshore.rehearsal';

export function readCloudConfig(file: string): CloudConfig {
  return JSON.parse(readFileSync(file, 'utf8')) as CloudConfig;
}

/** Where the stand-in's container has its disks: a short path, by which its loop devices are known. */
export function diskFolder(rehearsal: string): string {
  return `/r/${rehearsal}`;
}

/** Files of the folder that both sides know. */
export const files = {
  config: 'cloud.json',
  bundle: 'cloud.mjs',
  root: 'root.pem',
  certificate: 'certificate.pem',
  key: 'certificate.key',
  signingKey: 'signing.pem',
  resolver: 'resolv.conf',
  log: 'cloud.log',
  images: 'images',
  disks: 'disks',
  /** Beside the stand-in's folder: all roots that Terraform trusts in a rehearsal. */
  trusted: 'trusted.pem',
} as const;
