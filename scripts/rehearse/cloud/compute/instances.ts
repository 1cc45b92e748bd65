/**
 * Instances: each is a machine that boots. PROVISIONING -> RUNNING -> STOPPING -> gone (or TERMINATED, when stopped).
 * The store says what should be; `recover` makes it so again after the stand-in was away.
 */
import { GoogleError, invalid, notFound } from '../google-error.ts';
import { type Json, type JsonObject, listAt, objectAt, objectsAt, textAt } from '../json.ts';
import type { Machine, Machines } from '../machines/machines.ts';
import type { Site } from '../site.ts';
import type { Addresses } from './addresses.ts';
import { imageLink } from './catalogue.ts';
import { withFingerprints } from './collections.ts';
import { lastPart, linkPath, selfLink } from './compute-path.ts';
import type { OperationTarget, Operations } from './operations.ts';
import { refuseUnknownReferences, withWholeLinks } from './references.ts';

export class Instances {
  readonly #site: Site;
  readonly #operations: Operations;
  readonly #machines: Machines;
  readonly #addresses: Addresses;
  readonly #onGone: ((path: string) => void)[] = [];

  constructor(site: Site, operations: Operations, machines: Machines, addresses: Addresses) {
    this.#site = site;
    this.#operations = operations;
    this.#machines = machines;
    this.#addresses = addresses;
  }

  onGone(listener: (path: string) => void): void {
    this.#onGone.push(listener);
  }

  /** `scope` is `projects/P/zones/Z`; links in the body are whole. */
  insert(scope: string, name: string, body: JsonObject): JsonObject {
    const path = `${scope}/instances/${name}`;
    const id = this.#site.newId();
    const stored = withFingerprints(
      'compute#instance',
      {
        scheduling: {
          onHostMaintenance: 'MIGRATE',
          automaticRestart: true,
          preemptible: false,
          provisioningModel: 'STANDARD',
        },
        shieldedInstanceConfig: { enableSecureBoot: false, enableVtpm: true, enableIntegrityMonitoring: true },
        shieldedInstanceIntegrityPolicy: { updateAutoLearnPolicy: true },
        canIpForward: false,
        deletionProtection: false,
        startRestricted: false,
        metadata: {},
        tags: {},
        ...body,
        kind: 'compute#instance',
        id,
        name,
        status: 'PROVISIONING',
        creationTimestamp: this.#site.now().toISOString(),
        lastStartTimestamp: this.#site.now().toISOString(),
        cpuPlatform: 'Rehearsal',
        zone: selfLink(scope),
        selfLink: selfLink(path),
        networkInterfaces: objectsAt(body, 'networkInterfaces').map((port, index) => this.#port(port, index)),
        disks: objectsAt(body, 'disks').map((disk, index) => this.#disk(scope, name, disk, index)),
      },
      id.slice(-12),
    );
    this.#site.store.put(`compute/${path}`, stored);
    return this.#operations.run('insert', this.#target(path, id), this.#boot(path));
  }

  delete(path: string): JsonObject {
    const stored = this.#get(path);
    if (stored['deletionProtection'] === true)
      throw new GoogleError(412, 'conditionNotMet', `Resource '${path}' has deletion protection.`);
    return this.#operations.run('delete', this.#target(path, textAt(stored, 'id') ?? ''), this.#remove(path));
  }

  /** Undefined: not known. */
  verb(path: string, verb: string, _body: JsonObject, query: URLSearchParams): JsonObject | undefined {
    const stored = this.#get(path);
    const target = this.#target(path, textAt(stored, 'id') ?? '');
    switch (verb) {
      case 'start':
        return this.#operations.run(verb, target, this.#boot(path));
      case 'stop':
        return this.#operations.run(verb, target, this.#stop(path));
      case 'reset':
        return this.#operations.run(verb, target, this.#machines.reset(this.#machine(path)));
      case 'setDeletionProtection':
        this.#change(path, { deletionProtection: query.get('deletionProtection') !== 'false' });
        return this.#operations.done(verb, target);
      case 'deleteAccessConfig': {
        const gone = query.get('accessConfig');
        this.#change(path, {
          networkInterfaces: objectsAt(stored, 'networkInterfaces').map((port) => ({
            ...port,
            accessConfigs: objectsAt(port, 'accessConfigs').filter((access) => textAt(access, 'name') !== gone),
          })),
        });
        return this.#operations.done(verb, target);
      }
      default:
        return undefined;
    }
  }

  diskDeleted(path: string): void {
    void this.#machines.deleteDisk(diskId(path)).catch((error: unknown) => {
      this.#site.say(`disk ${path} stays: ${String(error)}`);
    });
  }

  /** From a disk to a snapshot, or the other way. */
  contentCopied(from: string, to: string): void {
    const source = linkPath(from);
    if (source !== undefined) this.#machines.copyDisk(diskId(source), diskId(to));
  }

  /** Takes up what a stand-in before this one had begun, and boots again what has gone without a word. */
  recover(): void {
    for (const { path: full, body } of this.#site.store.all(`compute/projects/${this.#site.project}/zones/`)) {
      if (!full.includes('/instances/') || body['status'] === 'TERMINATED') continue;
      const path = full.slice('compute/'.length);
      const work = body['status'] === 'STOPPING' ? this.#remove(path) : this.#boot(path);
      void work.catch((error: unknown) => this.#site.say(`${path}: ${String(error)}`));
    }
  }

  async #boot(path: string): Promise<void> {
    await this.#machines.boot(this.#machine(path));
    if (this.#site.store.get(`compute/${path}`)?.['status'] === 'PROVISIONING' || this.#isStopped(path))
      this.#change(path, { status: 'RUNNING' });
  }

  #isStopped(path: string): boolean {
    return this.#site.store.get(`compute/${path}`)?.['status'] === 'TERMINATED';
  }

  async #stop(path: string): Promise<void> {
    const machine = this.#machine(path);
    this.#change(path, { status: 'STOPPING' });
    await this.#machines.stop(machine);
    this.#change(path, { status: 'TERMINATED' });
  }

  async #remove(path: string): Promise<void> {
    const machine = this.#machine(path);
    this.#change(path, { status: 'STOPPING' });
    await this.#machines.remove(machine);
    for (const disk of objectsAt(this.#get(path), 'disks')) {
      const source = linkPath(textAt(disk, 'source') ?? '');
      if (disk['autoDelete'] !== true || source === undefined) continue;
      this.#site.store.delete(`compute/${source}`);
      if (disk['boot'] !== true) await this.#machines.deleteDisk(diskId(source));
    }
    this.#site.store.delete(`compute/${path}`);
    for (const listener of this.#onGone) listener(path);
  }

  #machine(path: string): Machine {
    const body = this.#get(path);
    const [port = {}] = objectsAt(body, 'networkInterfaces');
    const [access = {}] = objectsAt(port, 'accessConfigs');
    return {
      name: lastPart(path),
      id: textAt(body, 'id') ?? '',
      address: textAt(port, 'networkIP') ?? '',
      publicAddress: textAt(access, 'natIP') ?? null,
      disks: objectsAt(body, 'disks').flatMap((disk) => {
        const source = linkPath(textAt(disk, 'source') ?? '');
        return disk['boot'] === true || source === undefined
          ? []
          : [{ deviceName: textAt(disk, 'deviceName') ?? '', disk: diskId(source) }];
      }),
    };
  }

  #port(port: JsonObject, index: number): JsonObject {
    const subnet = linkPath(textAt(port, 'subnetwork') ?? '');
    const range = subnet === undefined ? undefined : this.#site.store.get(`compute/${subnet}`);
    if (range === undefined) throw invalid('Rehearsed machines need a subnetwork.');
    const wanted = textAt(port, 'networkIP');
    // A reserved address is in use by the reservation itself; a machine that has it is not.
    if (wanted !== undefined && this.#isHeld(wanted))
      throw new GoogleError(400, 'invalid', `IP '${wanted}' is already being used by another resource.`);
    return {
      network: textAt(range, 'network') ?? '',
      stackType: 'IPV4_ONLY',
      ...port,
      kind: 'compute#networkInterface',
      name: `nic${index}`,
      networkIP: wanted ?? this.#addresses.freeInternal(textAt(range, 'ipCidrRange') ?? ''),
      fingerprint: 'nic',
      ...(port['accessConfigs'] === undefined
        ? {}
        : { accessConfigs: objectsAt(port, 'accessConfigs').map((access) => this.#access(access)) }),
    };
  }

  #access(access: JsonObject): JsonObject {
    const address = textAt(access, 'natIP') ?? this.#addresses.freePublic();
    return { type: 'ONE_TO_ONE_NAT', name: 'external-nat', networkTier: 'PREMIUM', ...access, natIP: address };
  }

  #isHeld(address: string): boolean {
    return this.#site.store
      .all(`compute/projects/${this.#site.project}/zones/`)
      .some(
        ({ path, body }) =>
          path.includes('/instances/') &&
          objectsAt(body, 'networkInterfaces').some((port) => port['networkIP'] === address),
      );
  }

  /** A disk that is described and not named is made, and goes with the machine if so asked. */
  #disk(scope: string, name: string, disk: JsonObject, index: number): JsonObject {
    const initial = objectAt(disk, 'initializeParams');
    const diskName = textAt(initial, 'diskName') ?? (index === 0 ? name : `${name}-${index}`);
    let source = linkPath(textAt(disk, 'source') ?? '');
    if (source === undefined) {
      source = `${scope}/disks/${diskName}`;
      const made: JsonObject = withWholeLinks(this.#site.project, {
        kind: 'compute#disk',
        id: this.#site.newId(),
        name: diskName,
        status: 'READY',
        sizeGb: textAt(initial, 'diskSizeGb') ?? '10',
        type: typeOf(scope, textAt(initial, 'diskType') ?? 'pd-standard'),
        ...(typeof initial['sourceImage'] === 'string' ? { sourceImage: imageLink(initial['sourceImage']) } : {}),
        labels: objectAt(initial, 'labels'),
        physicalBlockSizeBytes: '4096',
        zone: selfLink(scope),
        selfLink: selfLink(source),
        creationTimestamp: this.#site.now().toISOString(),
      });
      this.#site.store.put(`compute/${source}`, made);
    } else {
      refuseUnknownReferences(this.#site.store, this.#site.project, disk);
    }
    const { initializeParams: _, ...rest } = disk as Readonly<Record<string, Json>>;
    const size = textAt(this.#site.store.get(`compute/${source}`) ?? {}, 'sizeGb') ?? '10';
    return {
      type: 'PERSISTENT',
      mode: 'READ_WRITE',
      interface: 'SCSI',
      deviceName: `persistent-disk-${index}`,
      autoDelete: false,
      boot: index === 0,
      ...rest,
      kind: 'compute#attachedDisk',
      index,
      diskSizeGb: size,
      source: selfLink(source),
    };
  }

  #change(path: string, more: JsonObject): void {
    const stored = this.#site.store.get(`compute/${path}`);
    if (stored !== undefined) this.#site.store.put(`compute/${path}`, { ...stored, ...more });
  }

  #get(path: string): JsonObject {
    const stored = this.#site.store.get(`compute/${path}`);
    if (stored === undefined) throw notFound(path);
    return stored;
  }

  #target(path: string, id: string): OperationTarget {
    return { scope: path.slice(0, path.indexOf('/instances/')), path, id };
  }
}

function typeOf(scope: string, type: string): string {
  return linkPath(type) ?? selfLink(`${scope}/diskTypes/${lastPart(type)}`);
}

/** Names what keeps the disk's content. */
function diskId(path: string): string {
  return lastPart(path);
}

/** Items of an instance's metadata. */
export function metadataOf(body: JsonObject): ReadonlyMap<string, string> {
  return new Map(
    objectsAt(objectAt(body, 'metadata'), 'items').map((item) => [
      textAt(item, 'key') ?? '',
      textAt(item, 'value') ?? '',
    ]),
  );
}

export function tagsOf(body: JsonObject): readonly string[] {
  return listAt(objectAt(body, 'tags'), 'items').filter((tag) => typeof tag === 'string');
}
