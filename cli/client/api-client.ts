/**
 * The HTTP API, typed by its table of routes. One call, one answer: a reply that is not of its form is an error with
 * its place, a refusal is the coordinator's own Problem, no answer is UNREACHABLE.
 */
import { LongshoreError, problem } from '../../fleet/errors.ts';
import type { ErrorCode, Problem } from '../../fleet/errors.ts';
import { withEitherSignal } from '../../fleet/with-either-signal.ts';
import type { Page } from '../../protocol/http-api/page.ts';
import type { PageQuery } from '../../protocol/http-api/requests.ts';
import { ROUTES } from '../../protocol/http-api/routes.ts';
import type { Route } from '../../protocol/http-api/route.ts';
import type { BodyOf, QueryOf, ReplyOf, RouteName } from '../../protocol/http-api/routes.ts';
import { problemSchema } from '../../protocol/scalars.ts';
import type { Variables } from '../../daemon/proxy-for.ts';
import { urlBelow } from '../coordinator-url.ts';
import { sendRequest } from './send-request.ts';
import type { HttpReply } from './send-request.ts';

const PAGE = 500;

export interface Credentials {
  readonly url: string;
  readonly token: string | null;
  /** Certificates, in PEM, that may sign the coordinator's; undefined = Node's default. */
  readonly ca?: readonly string[] | undefined;
  /** Those that name a proxy; undefined = the process's own. */
  readonly variables?: Variables | undefined;
}

export interface CallInput<N extends RouteName> {
  readonly parameters?: Readonly<Record<string, string>>;
  readonly query?: QueryOf<N>;
  readonly body?: BodyOf<N>;
}

export interface ApiClientOptions {
  readonly credentials: Credentials;
  /** For one call; a deployment is followed elsewhere. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export class ApiClient {
  readonly #options: ApiClientOptions;

  constructor(options: ApiClientOptions) {
    this.#options = options;
  }

  get url(): string {
    return this.#options.credentials.url;
  }

  /** @throws LongshoreError: the coordinator's refusal, UNREACHABLE, or INTERNAL for a reply that is none */
  async call<N extends RouteName>(name: N, input: CallInput<N> = {}): Promise<ReplyOf<N>> {
    const route: Route = ROUTES[name];
    const { timeoutMs, signal } = this.#options;
    const { response, json } = await withEitherSignal(signal, AbortSignal.timeout(timeoutMs), (limited) =>
      this.#send(route, input, limited),
    );
    if (response.status < 200 || response.status > 299) throw refusal(json, response, `${route.method} ${route.path}`);
    const parsed = route.reply?.safeParse(json);
    if (parsed?.success === false) {
      throw new LongshoreError(
        'INTERNAL',
        `${route.method} ${route.path}: unexpected response: ${parsed.error.issues[0]?.message ?? ''}`,
        {
          hint: 'Coordinator and command line should be of near versions: `longshore version`.',
        },
      );
    }
    return parsed?.data as ReplyOf<N>;
  }

  /** Every page of a list. */
  async all<T>(page: (query: PageQuery) => Promise<Page<T>>): Promise<readonly T[]> {
    const items: T[] = [];
    let cursor: string | null = null;
    for (;;) {
      const answer: Page<T> = await page({ limit: PAGE, ...(cursor === null ? {} : { cursor }) });
      items.push(...answer.items);
      if (answer.next === null) return items;
      cursor = answer.next;
    }
  }

  async #send(route: Route, input: CallInput<RouteName>, limited: AbortSignal): Promise<Answer> {
    const { credentials, signal } = this.#options;
    const url = urlBelow(credentials.url, fillPath(route.path, input.parameters ?? {}));
    for (const [key, value] of Object.entries(
      (input.query ?? {}) as Readonly<Record<string, string | number | undefined>>,
    )) {
      if (value !== undefined) url.searchParams.set(key, String(value));
    }
    const headers: Record<string, string> = { accept: 'application/json' };
    if (credentials.token !== null) headers.authorization = `Bearer ${credentials.token}`;
    if (route.body !== null) headers['content-type'] = 'application/json';
    try {
      const response = await sendRequest(url, {
        method: route.method,
        headers,
        body: route.body === null ? null : JSON.stringify(input.body ?? {}),
        signal: limited,
        ca: credentials.ca,
        variables: credentials.variables,
      });
      return { response, json: parseJson(response.text) };
    } catch (error) {
      signal.throwIfAborted();
      // Its own word for it, and not the client's "aborted".
      throw unreachable(credentials.url, limited.aborted ? limited.reason : error);
    }
  }
}

interface Answer {
  readonly response: HttpReply;
  /** Null where it is none. */
  readonly json: unknown;
}

function fillPath(path: string, parameters: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{([a-z]+)\}/g, (_, name: string) => encodeURIComponent(parameters[name] ?? ''));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function refusal(json: unknown, response: HttpReply, what: string): LongshoreError {
  const parsed = problemSchema.safeParse(json);
  const found: Problem = parsed.success
    ? parsed.data
    : problem(codeOfStatus(response.status), `${what}: ${response.status} ${response.statusText}`, {
        hint:
          response.status === 407
            ? 'The proxy of the environment refuses: check the user and password in HTTPS_PROXY or HTTP_PROXY.'
            : 'This does not look like a Longshore coordinator; check the URL.',
      });
  return new LongshoreError(found.code, found.message, { hint: found.hint, details: found.details });
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 401) return 'UNAUTHENTICATED';
  if (status === 403) return 'FORBIDDEN';
  // Something answers, but no coordinator: the one that was meant is not reached.
  return 'UNREACHABLE';
}

/** Nobody whom we trust has signed the certificate. */
const UNTRUSTED: ReadonlySet<unknown> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

export function unreachable(url: string, error: unknown): LongshoreError {
  if (error instanceof Error && 'code' in error && UNTRUSTED.has(error.code))
    return new LongshoreError('UNREACHABLE', `reach the coordinator at ${url}: its certificate is not trusted`, {
      hint: 'Name the certificate authority that signed it with --ca FILE, or LONGSHORE_CA.',
      cause: error,
    });
  return new LongshoreError('UNREACHABLE', `reach the coordinator at ${url}: ${reasonOf(error)}`, { cause: error });
}

function reasonOf(error: unknown): string {
  // Where a name has several addresses, each has its own failure and the whole has no message.
  const found: unknown = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  if (!(found instanceof Error)) return String(found);
  return found.message === '' ? found.name : found.message;
}
