/** What a person has to look at after an import, and why: pure, one rule after the other. */
import type { FoundPorts } from './ports.ts';
import { isKnownDiskType } from './to-pool.ts';
import type { ImportNote, KonletImport } from './workload.ts';

export interface NotedChoices {
  readonly found: FoundPorts;
  readonly hostNetwork: boolean;
}

const SYSTEM_FOLDERS = /^\/(etc|usr|bin|sbin|lib|lib64|boot|root|proc|sys|dev)(\/|$)/;
const ENGINE = /docker\.sock$|^\/var\/lib\/docker(\/|$)|^\/$/;
const SECRET_NAME = /(^|_)(pass(word|wd)?|secret|token|api_?key|private_?key|credentials?)(_|$)/i;

export function importNotes(imported: KonletImport, { found, hostNetwork }: NotedChoices): readonly ImportNote[] {
  const { workload, machine } = imported;
  const notes: ImportNote[] = [...imported.notes];
  const add = (what: string, why: string): void => void notes.push({ what, why, at: null });
  portNotes(found, hostNetwork, machine?.publicAddress ?? true, add);
  if (workload.privileged)
    add(
      'privileged',
      "kept, but hosts refuse it (POLICY_REFUSED) unless their operator allows it with `policy.privileged` in the agent's configuration; try `cap_add` with what it needs first",
    );
  for (const mount of workload.mounts) {
    if (mount.kind === 'disk')
      add(
        `disk ${mount.disk}`,
        `became a named volume on the pool's volumes disk${isSizeKnown(imported, mount.disk) ? '' : ' (its size was not said: set volumes_disk_gb)'}, which begins empty: copy the data (docs/moving-from-konlet.md); the old disk stays as it is`,
      );
    else if (mount.kind === 'memory' && mount.readOnly)
      add(`tmpfs ${mount.target}`, 'was read-only; a tmpfs of the app file can be written to');
    else if (mount.kind === 'host')
      add(
        `host path ${mount.path}`,
        ENGINE.test(mount.path)
          ? 'kept, but it opens the engine: hosts refuse it unless `policy.docker_socket` allows it'
          : !mount.readOnly && SYSTEM_FOLDERS.test(mount.path)
            ? 'kept, but hosts refuse to have a folder of the system written to: add `read_only: true`, or use a volume'
            : 'kept, but it is a folder of the new host (Debian, not Container-Optimized OS) and begins empty; a named volume is better where it holds data',
      );
  }
  for (const [name] of new Map(workload.env))
    if (SECRET_NAME.test(name))
      add(
        `variable ${name}`,
        'looks like a secret and stands in clear text in the app file: give it to `longshore secrets set` and name it under `secrets` or `secrets_env`',
      );
  if (workload.envFile !== null)
    add('--container-env-file', 'is read where `longshore plan` and `deploy` run: keep the file beside compose.yaml');
  if (workload.restart === 'no')
    add(
      'restart policy Never',
      'a service is meant to keep running: one that ends fails its gate unless another waits for it with `service_completed_successfully`',
    );
  imageNotes(workload.image, add);
  add('logs', 'konlet sent them to Cloud Logging; here they stay on the host: `longshore logs`');
  if (machine === null)
    add(
      'machine',
      'a declaration says nothing about it: set machine, zones, count and disk_gb of the pool as the VM or its template has them',
    );
  else machineNotes(machine, add);
  return notes;
}

function isSizeKnown({ machine }: KonletImport, disk: string): boolean {
  return (machine?.disks ?? []).some(({ name, sizeGb }) => sizeGb !== null && (name === null || name === disk));
}

type Add = (what: string, why: string) => void;

function portNotes(found: FoundPorts, hostNetwork: boolean, isPublic: boolean, add: Add): void {
  if (hostNetwork) {
    add(
      'ports',
      'the network of the host was kept: hosts refuse it unless `policy.host_network` allows it, swaps are stop-first, and nothing goes through the ingress',
    );
    return;
  }
  const shared = "konlet's containers shared the network of their machine, so that nothing says where they listen";
  if (found.ports.length === 0)
    add('ports', `${shared}: nothing is reachable now; say it with --port 8080 (HTTP) or --port 5432/tcp`);
  else if (found.because !== null)
    add(
      'ports',
      `${shared}: ${found.ports.map(({ port }) => port).join(', ')} was taken from ${found.because}; say others with --port`,
    );
  const web = found.ports.filter(({ protocol }) => protocol === 'http');
  if (web.length > 1)
    add(
      'ports',
      `only ${web[0]?.port ?? 0} got a route; give ${web
        .slice(1)
        .map(({ port }) => port)
        .join(', ')} a host name or a path of its own under x-longshore.ingress`,
    );
  for (const { port, protocol } of found.ports) {
    if (protocol === 'http') continue;
    add(
      `port ${port}/${protocol}`,
      port === 80 || port === 443
        ? 'the ingress of the host has this port: let it end HTTP and TLS, and say --port with the port behind it'
        : `is published by the engine: swaps are stop-first, and the firewall of fleet.yaml opens 80 and 443 only${isPublic ? '' : ', and those only with an ingress'}`,
    );
  }
}

function imageNotes(image: string, add: Add): void {
  const name = image.split('/').at(-1) ?? '';
  if (/^([a-z]+\.)?gcr\.io\//.test(image))
    add(
      `image ${image}`,
      "Container Registry was shut down on 2025-03-18: copy the image to the fleet's Artifact Registry (`LOCATION-docker.pkg.dev`), from which hosts pull with their own identity, or store a login with `longshore secrets registry`",
    );
  else if (!/^[a-z0-9-]+-docker\.pkg\.dev\//.test(image) && /^[^/]+\.[^/]+\//.test(image))
    add(`image ${image}`, 'if the registry wants a login: `longshore secrets registry`');
  if (!image.includes('@') && (!name.includes(':') || name.endsWith(':latest')))
    add(
      `image ${image}`,
      'the tag latest is pinned by digest at each release; hosts look for a newer image hourly (`x-longshore.schedule`), and a tag for each build is easier to go back to',
    );
}

function machineNotes(machine: NonNullable<KonletImport['machine']>, add: Add): void {
  if (machine.kind === 'group')
    add('count', "a template does not say how many: set the pool's count to the size of the group that used it");
  if (machine.zone === null)
    add('zone', "was not said: the pool is in the fleet's own region; set zones where it shall be elsewhere");
  const tags = machine.tags.filter((tag) => tag !== 'http-server' && tag !== 'https-server');
  if (tags.length > 0)
    add(
      `--tags ${tags.join(',')}`,
      'firewall rules that go by tags do not apply: hosts with an ingress get 80 and 443, and nothing else is open',
    );
  if (machine.bootDiskType !== null && !isKnownDiskType(machine.bootDiskType))
    add(`--boot-disk-type ${machine.bootDiskType}`, 'is not a type that pools know; the default was taken');
  if (machine.bootDiskGb !== null && machine.bootDiskGb < 20)
    add('--boot-disk-size', 'Debian, Docker and images of two releases need more than konlet did: 30 is the default');
}
