/**
 * Managed instance groups: a group keeps the names of its machines, and whatever of them is missing is made again from
 * the group's template, also when it was deleted behind the group's back. Updates are OPPORTUNISTIC: a new template
 * waits for the next machine that is made.
 */
import { notFound } from '../google-error.ts';
import { type JsonObject, listAt, textAt, textsAt } from '../json.ts';
import type { Site } from '../site.ts';
import { lastPart, selfLink } from './compute-path.ts';
import { keptDisks, memberFromTemplate } from './group-template.ts';
import type { Instances } from './instances.ts';
import type { OperationTarget, Operations } from './operations.ts';

const letters = 'bcdfghjklmnpqrstvwxz0123456789';

export class InstanceGroups {
  readonly #site: Site;
  readonly #operations: Operations;
  readonly #instances: Instances;

  constructor(site: Site, operations: Operations, instances: Instances) {
    this.#site = site;
    this.#operations = operations;
    this.#instances = instances;
    instances.onGone((path) => this.#memberGone(path));
  }

  inserted(path: string): void {
    const manager = this.#get(path);
    const group = path.replace('/instanceGroupManagers/', '/instanceGroups/');
    this.#site.store.put(`compute/${group}`, {
      kind: 'compute#instanceGroup',
      id: this.#site.newId(),
      name: lastPart(path),
      selfLink: selfLink(group),
      zone: manager['zone'] ?? '',
      namedPorts: manager['namedPorts'] ?? [],
      creationTimestamp: this.#site.now().toISOString(),
    });
    this.#reconcile(path);
  }

  changed(path: string): void {
    this.#reconcile(path);
  }

  delete(path: string): JsonObject {
    const manager = this.#get(path);
    this.#site.store.put(`compute/${path}`, { ...manager, targetSize: 0 });
    const gone = this.#memberPaths(path);
    this.#site.store.delete(membersKey(path));
    return this.#operations.run('delete', this.#target(path, manager), this.#deleteWhen(path, gone));
  }

  /** With what follows from the machines. */
  shown(path: string, manager: JsonObject): JsonObject {
    const names = this.#names(path);
    const running = names.filter((name) => this.#member(path, name)?.['status'] === 'RUNNING').length;
    const creating = names.length - running;
    return {
      ...manager,
      currentActions: {
        none: running,
        creating,
        ...Object.fromEntries(
          ['abandoning', 'deleting', 'recreating', 'refreshing', 'restarting', 'resuming', 'starting', 'stopping'].map(
            (action) => [action, 0],
          ),
        ),
      },
      status: {
        isStable: creating === 0 && names.length === Number(manager['targetSize']),
        versionTarget: { isReached: true },
        allInstancesConfig: { effective: true },
        stateful: {
          hasStatefulConfig: Object.keys(keptDisks(manager)).length > 0,
          perInstanceConfigs: { allEffective: true },
        },
      },
    };
  }

  /** Undefined: not known. */
  verb(path: string, verb: string, method: string, body: JsonObject, query: URLSearchParams): JsonObject | undefined {
    if (path.includes('/instanceGroups/')) {
      if (verb !== 'listInstances' || method !== 'POST') return undefined;
      const manager = path.replace('/instanceGroups/', '/instanceGroupManagers/');
      return {
        kind: 'compute#instanceGroupsListInstances',
        items: this.#memberPaths(manager).map((member) => ({
          instance: selfLink(member),
          status: this.#site.store.get(`compute/${member}`)?.['status'] ?? 'PROVISIONING',
        })),
      };
    }
    const manager = this.#get(path);
    if (method !== 'POST') return undefined;
    const named = textsAt(body, 'instances').map(lastPart);
    switch (verb) {
      case 'listManagedInstances':
        return { managedInstances: this.#names(path).map((name) => this.#managed(path, manager, name)) };
      case 'resize':
        this.#site.store.put(`compute/${path}`, { ...manager, targetSize: Number(query.get('size') ?? '0') });
        this.#reconcile(path);
        return this.#operations.done(verb, this.#target(path, manager));
      case 'deleteInstances':
        this.#keep(
          path,
          this.#names(path).filter((name) => !named.includes(name)),
        );
        this.#site.store.put(`compute/${path}`, { ...manager, targetSize: this.#names(path).length });
        return this.#deleteMembers(verb, path, manager, named);
      case 'recreateInstances':
        return this.#deleteMembers(verb, path, manager, named);
      default:
        return undefined;
    }
  }

  /** After a restart of the stand-in. */
  recover(): void {
    for (const { path } of this.#site.store.all(`compute/projects/${this.#site.project}/zones/`))
      if (path.includes('/instanceGroupManagers/')) this.#reconcile(path.slice('compute/'.length));
  }

  #deleteMembers(verb: string, path: string, manager: JsonObject, names: readonly string[]): JsonObject {
    const members = names.map((name) => memberPath(path, name));
    for (const member of members) if (this.#site.store.get(`compute/${member}`) === undefined) throw notFound(member);
    for (const member of members) this.#instances.delete(member);
    return this.#operations.done(verb, this.#target(path, manager));
  }

  /** Names first, machines after them: so that a machine which is gone comes back under its own name. */
  #reconcile(path: string): void {
    const manager = this.#site.store.get(`compute/${path}`);
    if (manager === undefined) return;
    const size = Number(manager['targetSize'] ?? 0);
    const names = this.#names(path);
    const kept = names.slice(0, size);
    while (kept.length < size)
      kept.push(this.#newName(path, textAt(manager, 'baseInstanceName') ?? lastPart(path), kept));
    this.#keep(path, kept);
    for (const name of names.slice(size))
      if (this.#member(path, name) !== undefined) this.#instances.delete(memberPath(path, name));
    for (const name of kept) if (this.#member(path, name) === undefined) this.#create(path, manager, name);
  }

  #create(path: string, manager: JsonObject, name: string): void {
    const scope = path.slice(0, path.indexOf('/instanceGroupManagers/'));
    this.#instances.insert(scope, name, memberFromTemplate(this.#site, path, manager, name));
  }

  #managed(path: string, manager: JsonObject, name: string): JsonObject {
    const member = this.#member(path, name);
    return {
      instance: selfLink(memberPath(path, name)),
      name,
      id: textAt(member ?? {}, 'id') ?? '0',
      ...(member === undefined ? {} : { instanceStatus: member['status'] ?? '' }),
      currentAction: member?.['status'] === 'RUNNING' ? 'NONE' : 'CREATING',
      version: { instanceTemplate: manager['instanceTemplate'] ?? '' },
    };
  }

  #memberGone(path: string): void {
    const scope = path.slice(0, path.indexOf('/instances/'));
    for (const { path: key, body } of this.#site.store.all(`group-members/${scope}/instanceGroupManagers/`))
      if (listAt(body, 'names').includes(lastPart(path))) this.#reconcile(key.slice('group-members/'.length));
  }

  async #deleteWhen(path: string, members: readonly string[]): Promise<void> {
    const left = members.filter((member) => this.#site.store.get(`compute/${member}`) !== undefined);
    const gone = left.map(
      (member) =>
        new Promise<void>((resolve) => {
          this.#instances.onGone((one) => {
            if (one === member) resolve();
          });
        }),
    );
    for (const member of left)
      if (this.#site.store.get(`compute/${member}`)?.['status'] !== 'STOPPING') this.#instances.delete(member);
    await Promise.all(gone);
    this.#site.store.delete(`compute/${path.replace('/instanceGroupManagers/', '/instanceGroups/')}`);
    this.#site.store.delete(`compute/${path}`);
  }

  #newName(path: string, base: string, others: readonly string[]): string {
    for (;;) {
      const digits = BigInt(this.#site.newId());
      let end = '';
      for (let place = 0n; place < 4n; place += 1n) end += letters[Number((digits / 30n ** place) % 30n)] ?? '0';
      const name = `${base}-${end}`;
      if (!others.includes(name) && this.#member(path, name) === undefined) return name;
    }
  }

  #names(path: string): string[] {
    return listAt(this.#site.store.get(membersKey(path)) ?? {}, 'names').map(String);
  }

  #keep(path: string, names: readonly string[]): void {
    this.#site.store.put(membersKey(path), { names });
  }

  #memberPaths(path: string): string[] {
    return this.#names(path).map((name) => memberPath(path, name));
  }

  #member(path: string, name: string): JsonObject | undefined {
    return this.#site.store.get(`compute/${memberPath(path, name)}`);
  }

  #get(path: string): JsonObject {
    const stored = this.#site.store.get(`compute/${path}`);
    if (stored === undefined) throw notFound(path);
    return stored;
  }

  #target(path: string, body: JsonObject): OperationTarget {
    return { scope: path.slice(0, path.indexOf('/instanceGroupManagers/')), path, id: textAt(body, 'id') ?? '' };
  }
}

function membersKey(path: string): string {
  return `group-members/${path}`;
}

function memberPath(path: string, name: string): string {
  return `${path.slice(0, path.indexOf('/instanceGroupManagers/'))}/instances/${name}`;
}
