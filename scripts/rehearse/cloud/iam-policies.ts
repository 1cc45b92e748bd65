/**
 * Policies of projects and resources: read, replaced under their etag, and asked who may do what. Roles are looked up as
 * a list of those that suffice, and the one kind of condition that the stack writes is evaluated; another is a 501.
 */
import { GoogleError, notRehearsed } from './google-error.ts';
import { type JsonObject, listAt, objectAt, objectsAt, textAt } from './json.ts';
import type { Site } from './site.ts';

export class IamPolicies {
  readonly #site: Site;

  constructor(site: Site) {
    this.#site = site;
  }

  get(resource: string): JsonObject {
    return this.#site.store.get(key(resource)) ?? { version: 1, etag: 'ACAB' };
  }

  /** A policy that was changed meanwhile is a 409, after which a client reads again. */
  set(resource: string, policy: JsonObject): JsonObject {
    const before = this.get(resource);
    const etag = textAt(policy, 'etag');
    if (etag !== undefined && etag !== '' && etag !== before['etag'])
      throw new GoogleError(
        409,
        'aborted',
        'There were concurrent policy changes. Please retry the whole read-modify-write.',
      );
    const stored = {
      ...policy,
      version: Number(policy['version'] ?? 1),
      bindings: objectsAt(policy, 'bindings'),
      etag: Buffer.from(this.#site.newId()).toString('base64'),
    };
    this.#site.store.put(key(resource), stored);
    return stored;
  }

  delete(resource: string): void {
    this.#site.store.delete(key(resource));
  }

  /** Whether one of the roles is bound to the account on one of the resources; `name` is what conditions look at. */
  allows(account: string, roles: readonly string[], resources: readonly string[], name: string): boolean {
    const member = `serviceAccount:${account}`;
    return resources.some((resource) =>
      objectsAt(this.get(resource), 'bindings').some(
        (binding) =>
          roles.includes(textAt(binding, 'role') ?? '') &&
          listAt(binding, 'members').includes(member) &&
          holds(textAt(objectAt(binding, 'condition'), 'expression'), name),
      ),
    );
  }
}

function holds(expression: string | undefined, name: string): boolean {
  if (expression === undefined) return true;
  return expression.split('||').some((part) => {
    const prefix = /^\s*\(?\s*resource\.name\.startsWith\(['"]([^'"]+)['"]\)\s*\)?\s*$/.exec(part)?.[1];
    if (prefix === undefined) throw notRehearsed(`an IAM condition such as ${part.trim()}`);
    return name.startsWith(prefix);
  });
}

function key(resource: string): string {
  return `policies/${resource}`;
}
