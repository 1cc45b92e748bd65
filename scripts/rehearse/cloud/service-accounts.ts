/** IAM: service accounts and their policies. */
import { type Answer, type Call, jsonAnswer, readJson } from './exchange.ts';
import { alreadyExists, invalid, notFound, notRehearsed } from './google-error.ts';
import type { IamPolicies } from './iam-policies.ts';
import { type JsonObject, objectAt, textAt } from './json.ts';
import type { Site } from './site.ts';

export class ServiceAccounts {
  readonly #site: Site;
  readonly #policies: IamPolicies;

  constructor(site: Site, policies: IamPolicies) {
    this.#site = site;
    this.#policies = policies;
  }

  async handle(call: Call): Promise<Answer> {
    const said = `${call.method} https://${call.host}${call.path}`;
    const path = decodeURIComponent(call.path);
    const match = /^\/v1\/projects\/([^/]+)\/serviceAccounts(?:\/([^/:]+))?(?::([A-Za-z]+))?$/.exec(path);
    if (match === null) throw notRehearsed(said);
    const [, project = '', account, verb] = match;
    if (account === undefined) {
      if (call.method === 'GET') return jsonAnswer({ accounts: this.#all() });
      if (call.method === 'POST') return jsonAnswer(this.#create(project, await readJson(call)));
      throw notRehearsed(said);
    }
    const stored = this.find(account);
    if (stored === undefined) throw notFound(`projects/${project}/serviceAccounts/${account}`);
    const resource = textAt(stored, 'name') ?? '';
    if (verb === 'getIamPolicy') return jsonAnswer(this.#policies.get(resource));
    if (verb === 'setIamPolicy')
      return jsonAnswer(this.#policies.set(resource, objectAt(await readJson(call), 'policy')));
    if (verb !== undefined) throw notRehearsed(said);
    switch (call.method) {
      case 'GET':
        return jsonAnswer(stored);
      case 'PATCH':
        return jsonAnswer(this.#write({ ...stored, ...objectAt(await readJson(call), 'serviceAccount') }));
      case 'DELETE':
        this.#site.store.delete(`iam/${resource}`);
        this.#policies.delete(resource);
        return jsonAnswer({});
      default:
        throw notRehearsed(said);
    }
  }

  /** By address or by its unique id. */
  find(account: string): JsonObject | undefined {
    return this.#all().find((one) => one['email'] === account || one['uniqueId'] === account);
  }

  #all(): JsonObject[] {
    return this.#site.store.list(`iam/projects/${this.#site.project}/serviceAccounts`).map((stored) => stored.body);
  }

  #create(project: string, body: JsonObject): JsonObject {
    const id = textAt(body, 'accountId') ?? '';
    if (!/^[a-z](?:[-a-z0-9]{4,28}[a-z0-9])$/.test(id))
      throw invalid(
        `Account ID ${id} does not have a length between 6 and 30, or has other characters than a-z, 0-9 and -.`,
      );
    const email = `${id}@${project}.iam.gserviceaccount.com`;
    if (this.find(email) !== undefined) throw alreadyExists(`projects/${project}/serviceAccounts/${email}`);
    return this.#write({
      ...objectAt(body, 'serviceAccount'),
      name: `projects/${project}/serviceAccounts/${email}`,
      projectId: project,
      uniqueId: this.#site.newId(),
      email,
      etag: 'MDEwMjE5MjA=',
      oauth2ClientId: this.#site.newId(),
    });
  }

  #write(account: JsonObject): JsonObject {
    this.#site.store.put(`iam/${textAt(account, 'name') ?? ''}`, account);
    return account;
  }
}
