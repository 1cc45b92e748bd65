/**
 * The metadata server at 169.254.169.254: it knows who asks by the address that the question comes from, wants the
 * header `Metadata-Flavor: Google`, and refuses what a proxy has passed on.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { type Answer, jsonAnswer } from '../exchange.ts';
import { type JsonObject, objectsAt, textAt } from '../json.ts';
import { lastPart } from '../compute/compute-path.ts';
import type { ServiceAccounts } from '../service-accounts.ts';
import type { SigningKey } from '../signing-key.ts';
import type { Site } from '../site.ts';
import type { Tokens } from '../tokens.ts';
import { asJson, type MetadataFolder, metadataTree } from './metadata-tree.ts';

export interface MetadataQuestion {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Where it comes from. */
  readonly address: string;
}

const flavor = { 'metadata-flavor': 'Google', server: 'Metadata Server for VM' };
const json = { 'content-type': 'application/json' };
const identityLifeSeconds = 3600;

export class MetadataServer {
  readonly #site: Site;
  readonly #tokens: Tokens;
  readonly #accounts: ServiceAccounts;
  readonly #key: SigningKey;

  constructor(site: Site, tokens: Tokens, accounts: ServiceAccounts, key: SigningKey) {
    this.#site = site;
    this.#tokens = tokens;
    this.#accounts = accounts;
    this.#key = key;
  }

  handle(question: MetadataQuestion): Answer {
    if (question.method !== 'GET') return text(405, 'Method Not Allowed\n');
    if (question.path === '/') return text(200, '0.1/\ncomputeMetadata/\n');
    if (question.headers['metadata-flavor']?.toString().toLowerCase() !== 'google')
      return text(
        403,
        'Your client does not have permission to get this URL: missing Metadata-Flavor:Google header.\n',
      );
    if (question.headers['x-forwarded-for'] !== undefined)
      return text(403, 'Your client does not have permission to get this URL: X-Forwarded-For header.\n');
    const instance = this.#instanceOf(question.address);
    if (instance === undefined) return text(404, 'No machine has this address.\n');
    // The machine trusts the rehearsal's root only when it counts as running; a client tries a 503 again.
    if (instance['status'] === 'PROVISIONING') return text(503, 'The machine is being prepared.\n');
    const [, rest] = /^\/computeMetadata\/v1\/?(.*)$/.exec(question.path) ?? [];
    if (rest === undefined) return text(404, 'Not Found\n');
    if (question.query.has('wait_for_change')) {
      this.#site.say(`501 metadata ${question.path}?wait_for_change: not rehearsed`);
      return text(501, 'wait_for_change is not rehearsed.\n');
    }
    return (
      this.#account(instance, rest, question.query) ?? this.#look(metadataTree(this.#site, instance), rest, question)
    );
  }

  #look(tree: MetadataFolder, rest: string, question: MetadataQuestion): Answer {
    let found: string | MetadataFolder | undefined = tree;
    const parts = rest
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
    for (const part of parts) found = typeof found === 'object' && Object.hasOwn(found, part) ? found[part] : undefined;
    if (found === undefined) return text(404, 'Not Found\n');
    if (typeof found === 'string')
      return question.query.get('alt') === 'json'
        ? withFlavor({ status: 200, headers: json, body: JSON.stringify(found) })
        : text(200, found);
    if (question.query.get('recursive')?.toLowerCase() === 'true')
      return withFlavor({ status: 200, headers: json, body: JSON.stringify(asJson(found, parts.at(-1))) });
    const names = Object.entries(found).map(([name, value]) => (typeof value === 'string' ? name : `${name}/`));
    const more = parts[1] === 'service-accounts' && parts.length === 3 ? ['identity', 'token'] : [];
    return text(200, [...names, ...more].map((name) => `${name}\n`).join(''));
  }

  /** Tokens of the machine's account, made now. */
  #account(instance: JsonObject, rest: string, query: URLSearchParams): Answer | undefined {
    const [, wanted, what] = /^instance\/service-accounts\/([^/]+)\/(token|identity)$/.exec(rest) ?? [];
    const [account] = objectsAt(instance, 'serviceAccounts');
    const email = textAt(account ?? {}, 'email');
    if (wanted === undefined) return undefined;
    if (email === undefined || (wanted !== 'default' && decodeURIComponent(wanted) !== email))
      return text(404, 'Not Found\n');
    const stored = this.#accounts.find(email);
    if (stored === undefined) return text(404, `The account ${email} does not exist.\n`);
    if (what === 'token')
      return withFlavor(
        jsonAnswer(this.#tokens.issue({ kind: 'machine', email, instance: textAt(instance, 'name') ?? '' })),
      );
    const audience = query.get('audience') ?? '';
    if (audience === '') return text(400, 'non-empty audience parameter required\n');
    return text(200, this.#key.token(this.#claims(instance, stored, audience, query.get('format') === 'full')));
  }

  #claims(instance: JsonObject, account: JsonObject, audience: string, isFull: boolean): JsonObject {
    const seconds = Math.floor(this.#site.now().getTime() / 1000);
    const created = Date.parse(textAt(instance, 'creationTimestamp') ?? '');
    const unique = textAt(account, 'uniqueId') ?? '';
    const standard = {
      aud: audience,
      azp: unique,
      exp: seconds + identityLifeSeconds,
      iat: seconds,
      iss: 'https://accounts.google.com',
      sub: unique,
    };
    if (!isFull) return standard;
    return {
      ...standard,
      email: textAt(account, 'email') ?? '',
      email_verified: true,
      google: {
        compute_engine: {
          instance_creation_timestamp: Math.floor(created / 1000),
          instance_id: textAt(instance, 'id') ?? '',
          instance_name: textAt(instance, 'name') ?? '',
          project_id: this.#site.project,
          project_number: Number(this.#site.projectNumber),
          zone: lastPart(textAt(instance, 'zone') ?? ''),
        },
      },
    };
  }

  #instanceOf(address: string): JsonObject | undefined {
    return this.#site.store
      .all(`compute/projects/${this.#site.project}/zones/`)
      .find(
        ({ path, body }) =>
          path.includes('/instances/') &&
          objectsAt(body, 'networkInterfaces').some((port) => port['networkIP'] === address),
      )?.body;
  }
}

function text(status: number, body: string): Answer {
  return withFlavor({ status, headers: { 'content-type': 'application/text' }, body });
}

function withFlavor(answer: Answer): Answer {
  return { ...answer, headers: { ...answer.headers, ...flavor } };
}
