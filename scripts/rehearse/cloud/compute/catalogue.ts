/** What Google has and nobody makes: projects, regions, zones, kinds of machines and disks, Debian's images. */
import { type JsonObject } from '../json.ts';
import type { Site } from '../site.ts';
import { selfLink } from './compute-path.ts';

/** Undefined: not such a thing. */
export function catalogue(site: Site, path: string): JsonObject | undefined {
  const [, project = '', rest = ''] = /^projects\/([^/]+)(?:\/(.+))?$/.exec(path) ?? [];
  if (project === 'debian-cloud') return debianImage(rest);
  if (project !== site.project && project !== site.projectNumber) return undefined;
  if (rest === '')
    return {
      kind: 'compute#project',
      id: site.projectNumber,
      name: site.project,
      selfLink: selfLink(`projects/${site.project}`),
      commonInstanceMetadata: { kind: 'compute#metadata', fingerprint: 'none' },
      defaultServiceAccount: `${site.projectNumber}-compute@developer.gserviceaccount.com`,
    };
  const region = /^regions\/([a-z]+-[a-z]+[0-9]+)$/.exec(rest)?.[1];
  if (region !== undefined) return { kind: 'compute#region', name: region, status: 'UP', selfLink: selfLink(path) };
  const zone = /^zones\/(([a-z]+-[a-z]+[0-9]+)-[a-z])$/.exec(rest);
  if (zone?.[1] !== undefined)
    return {
      kind: 'compute#zone',
      name: zone[1],
      status: 'UP',
      region: selfLink(`projects/${project}/regions/${zone[2] ?? ''}`),
      selfLink: selfLink(path),
    };
  const type = /^zones\/([^/]+)\/(machineTypes|diskTypes)\/([a-z0-9-]+)$/.exec(rest);
  if (type?.[3] !== undefined)
    return {
      kind: type[2] === 'diskTypes' ? 'compute#diskType' : 'compute#machineType',
      name: type[3],
      zone: type[1] ?? '',
      guestCpus: 2,
      memoryMb: 4096,
      selfLink: selfLink(path),
    };
  return undefined;
}

const debian = [
  { family: 'debian-13', name: 'debian-13-trixie-v20260914', architecture: 'X86_64' },
  { family: 'debian-13-arm64', name: 'debian-13-trixie-arm64-v20260914', architecture: 'ARM64' },
];

function debianImage(rest: string): JsonObject | undefined {
  const [, isFamily, wanted] = /^global\/images\/(family\/)?([a-z0-9-]+)$/.exec(rest) ?? [];
  const found = debian.find((one) => (isFamily === undefined ? one.name : one.family) === wanted);
  if (found === undefined) return undefined;
  return {
    kind: 'compute#image',
    id: '1',
    status: 'READY',
    diskSizeGb: '10',
    archiveSizeBytes: '1',
    ...found,
    selfLink: selfLink(`projects/debian-cloud/global/images/${found.name}`),
  };
}

/** A disk names the image that its family stood for when it was made. */
export function imageLink(link: string): string {
  const family = /\/projects\/debian-cloud\/global\/images\/family\/([a-z0-9-]+)$/.exec(link)?.[1];
  const found = debian.find((one) => one.family === family);
  return found === undefined ? link : selfLink(`projects/debian-cloud/global/images/${found.name}`);
}
