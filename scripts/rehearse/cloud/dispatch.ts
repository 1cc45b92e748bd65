/**
 * Which service answers a call of which host, whether its token opens it, and whether its API is enabled. What fails
 * comes back in Google's shape; a call that nobody knows is said loudly as well.
 */
import { type Answer, type Call, jsonAnswer, readBytes, type Service } from './exchange.ts';
import { errorBody, GoogleError, notRehearsed } from './google-error.ts';
import type { IamPolicies } from './iam-policies.ts';
import type { JsonObject } from './json.ts';
import { requireRole } from './permissions.ts';
import type { Projects } from './projects.ts';
import type { Site } from './site.ts';
import type { Tokens } from './tokens.ts';

export interface DispatchOptions {
  readonly site: Site;
  readonly tokens: Tokens;
  readonly policies: IamPolicies;
  readonly projects: Projects;
  /** By host: `compute.googleapis.com`. */
  readonly services: Readonly<Record<string, Service>>;
  /** Open to all: keys that identity tokens are checked by. */
  readonly certificates: () => JsonObject;
  /** `*-docker.pkg.dev` has tokens of its own. */
  readonly docker: (call: Omit<Call, 'caller'>) => Promise<Answer>;
}

const computeReaders = ['roles/compute.viewer', 'roles/compute.admin', 'roles/compute.instanceAdmin.v1'];

export class Dispatch {
  readonly #options: DispatchOptions;

  constructor(options: DispatchOptions) {
    this.#options = options;
  }

  async handle(call: Omit<Call, 'caller'>): Promise<Answer> {
    try {
      return await this.#answer(call);
    } catch (error) {
      return this.#failed(call, error);
    }
  }

  async #answer(call: Omit<Call, 'caller'>): Promise<Answer> {
    if (call.host.endsWith('-docker.pkg.dev')) return this.#options.docker(call);
    if (call.host === 'oauth2.googleapis.com' && call.path === '/token' && call.method === 'POST')
      return jsonAnswer(
        this.#options.tokens.exchange(new URLSearchParams((await readBytes(call.body)).toString('utf8'))),
      );
    if (call.host === 'www.googleapis.com' && call.path === '/oauth2/v3/certs')
      return { ...jsonAnswer(this.#options.certificates()), headers: certificateHeaders };
    const caller = this.#options.tokens.authenticate(call.headers.authorization);
    if (call.host === 'openidconnect.googleapis.com' && call.path === '/v1/userinfo')
      return jsonAnswer({ email: caller.email, email_verified: true });
    // Older addresses of the same services.
    const host =
      call.host === 'www.googleapis.com'
        ? (/^\/(?:upload\/|download\/)?(compute|storage|dns)\//.exec(call.path)?.[1] ?? 'www') + '.googleapis.com'
        : call.host;
    const service = this.#options.services[host];
    if (service === undefined) throw notRehearsed(`${call.method} https://${call.host}${call.path}`);
    this.#options.projects.refuseDisabled(host);
    const whole: Call = { ...call, caller };
    this.#keepMachinesOut(host, whole);
    return service(whole);
  }

  /** Of a machine's account: objects and secrets check their own roles; the rest is to be read at most. */
  #keepMachinesOut(host: string, call: Call): void {
    if (call.caller.kind === 'owner' || host === 'secretmanager.googleapis.com') return;
    if (
      host === 'storage.googleapis.com' &&
      !call.path.endsWith('/iam') &&
      (/\/o(\/|$)/.test(call.path) || call.method === 'GET')
    )
      return;
    // Packages and tags check their own roles.
    if (host === 'artifactregistry.googleapis.com' && call.path.includes('/packages')) return;
    const { project } = this.#options.site;
    const roles = host === 'compute.googleapis.com' && call.method === 'GET' ? computeReaders : [];
    requireRole(this.#options.policies, call.caller, {
      roles,
      permission: `${call.method} ${call.path}`,
      project,
      resource: `projects/${project}`,
    });
  }

  #failed(call: Omit<Call, 'caller'>, error: unknown): Answer {
    const said =
      error instanceof GoogleError
        ? error
        : new GoogleError(500, 'backendError', error instanceof Error ? error.message : String(error));
    if (said.status === 501 || said.status === 500)
      this.#options.site.say(`${said.status} ${call.method} ${call.host}${call.path}: ${said.message}`);
    if (call.host === 'oauth2.googleapis.com')
      return jsonAnswer({ error: said.reason, error_description: said.message }, said.status);
    return jsonAnswer(errorBody(said), said.status);
  }
}

const certificateHeaders = {
  'content-type': 'application/json; charset=UTF-8',
  'cache-control': 'public, max-age=19800, must-revalidate',
};
