/** Cloud Resource Manager (the one project and its policy) and Service Usage (which APIs are enabled). */
import { type Answer, type Call, jsonAnswer, readJson } from './exchange.ts';
import { GoogleError, notFound, notRehearsed } from './google-error.ts';
import type { IamPolicies } from './iam-policies.ts';
import { type JsonObject, listAt, objectAt } from './json.ts';
import type { Site } from './site.ts';

/** What a project has before anybody enables anything, and what Terraform needs to enable the rest. */
const always = new Set([
  'serviceusage.googleapis.com',
  'cloudresourcemanager.googleapis.com',
  'storage.googleapis.com',
]);

export class Projects {
  readonly #site: Site;
  readonly #policies: IamPolicies;

  constructor(site: Site, policies: IamPolicies) {
    this.#site = site;
    this.#policies = policies;
  }

  async resourceManager(call: Call): Promise<Answer> {
    const match = /^\/v(1|3)\/projects\/([^/:]+)(?::([A-Za-z]+))?$/.exec(call.path);
    const [, version = '', project = '', verb] = match ?? [];
    if (match === null) throw notRehearsed(`${call.method} https://${call.host}${call.path}`);
    this.#known(project);
    if (verb === undefined && call.method === 'GET') return jsonAnswer(this.#project(version));
    const resource = `projects/${this.#site.project}`;
    if (verb === 'getIamPolicy') return jsonAnswer(this.#policies.get(resource));
    if (verb === 'setIamPolicy') {
      return jsonAnswer(this.#policies.set(resource, objectAt(await readJson(call), 'policy')));
    }
    throw notRehearsed(`${call.method} https://${call.host}${call.path}`);
  }

  async serviceUsage(call: Call): Promise<Answer> {
    const said = `${call.method} https://${call.host}${call.path}`;
    if (call.path.startsWith('/v1/operations/'))
      return jsonAnswer({ name: call.path.slice('/v1/'.length), done: true });
    const match = /^\/v1\/projects\/([^/]+)\/services(?:\/([^/:]+))?(?::([A-Za-z]+))?$/.exec(call.path);
    if (match === null) throw notRehearsed(said);
    const [, project = '', service, verb] = match;
    this.#known(project);
    if (verb === undefined && call.method === 'GET') {
      if (service !== undefined) return jsonAnswer(this.#service(service));
      const enabled = [...always, ...this.#enabled()].map((one) => this.#service(one));
      return jsonAnswer({ services: enabled });
    }
    const body = await readJson(call);
    switch (verb) {
      case 'enable':
        return this.#operation([...this.#enabled(), service ?? '']);
      case 'batchEnable':
        return this.#operation([...this.#enabled(), ...listAt(body, 'serviceIds').map(String)]);
      case 'disable':
        return this.#operation(this.#enabled().filter((one) => one !== service));
      default:
        throw notRehearsed(said);
    }
  }

  /** As Google refuses calls of an API that nobody has enabled in the project. */
  refuseDisabled(service: string): void {
    if (always.has(service) || this.#enabled().includes(service)) return;
    throw new GoogleError(
      403,
      'accessNotConfigured',
      `${service} has not been used in project ${this.#site.projectNumber} before or it is disabled.`,
    );
  }

  #enabled(): string[] {
    return listAt(this.#site.store.get('serviceusage/enabled') ?? {}, 'services').map(String);
  }

  #operation(services: readonly string[]): Answer {
    this.#site.store.put('serviceusage/enabled', { services: [...new Set(services)].sort() });
    return jsonAnswer({ name: `operations/acat.${this.#site.newId()}`, done: true, response: {} });
  }

  #service(service: string): JsonObject {
    const state = always.has(service) || this.#enabled().includes(service) ? 'ENABLED' : 'DISABLED';
    const parent = `projects/${this.#site.projectNumber}`;
    return { name: `${parent}/services/${service}`, parent, state, config: { name: service } };
  }

  #project(version: string): JsonObject {
    return version === '1'
      ? {
          projectNumber: this.#site.projectNumber,
          projectId: this.#site.project,
          lifecycleState: 'ACTIVE',
          name: this.#site.project,
          createTime: '2026-01-01T00:00:00.000Z',
        }
      : {
          name: `projects/${this.#site.projectNumber}`,
          projectId: this.#site.project,
          state: 'ACTIVE',
          displayName: this.#site.project,
        };
  }

  #known(project: string): void {
    if (project !== this.#site.project && project !== this.#site.projectNumber) throw notFound(`projects/${project}`);
  }
}
