/**
 * The HTTP API, typed by its table of routes. One call, one answer: a reply that is not of its form is an error with
 * its place, a refusal is the coordinator's own Problem, no answer is UNREACHABLE.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { LongshoreError, problem } from '../../fleet/errors.ts';
import { isPlainAnswer } from '../../fleet/plain-answer.ts';
import type { ErrorCode, Problem } from '../../fleet/errors.ts';
import { retryDelayMs } from '../../fleet/retry.ts';
import type { RetryPolicy } from '../../fleet/retry.ts';
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
/** A coordinator that is started again answers within these tries. */
const RETRIES = 6;
const AGAIN: RetryPolicy = { firstMs: 250, factor: 2, capMs: 5_000 };

export interface Credentials {
  readonly url: string;
  /** All addresses, where a standby may take over; `url` is one of them. */
  readonly urls?: readonly string[];
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

  /** All addresses of the coordinator, this one too. */
  get urls(): readonly string[] {
    return this.#options.credentials.urls ?? [this.url];
  }

  /** @throws LongshoreError: the coordinator's refusal, UNREACHABLE, or INTERNAL for a reply that is none */
  async call<N extends RouteName>(name: N, input: CallInput<N> = {}): Promise<ReplyOf<N>> {
    const route: Route = ROUTES[name];
    const { timeoutMs, signal } = this.#options;
    const { response, json } = await withEitherSignal(signal, AbortSignal.timeout(timeoutMs), (limited) =>
      route.creates === true ? this.#create(route, input, limited) : this.#send(route, input, null, limited),
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

  /**
   * What creates something is sent with a key, under which the coordinator does it once. So it is sent again where the
   * answer was lost, or the coordinator was stopping.
   */
  async #create(route: Route, input: CallInput<RouteName>, limited: AbortSignal): Promise<Answer> {
    const key = randomUUID();
    for (let attempt = 0; ; attempt += 1) {
      const sent = await this.#send(route, input, key, limited).catch((error: unknown) => ({ error }));
      if ('error' in sent) {
        // Where nothing listens at first the address is wrong, or the coordinator is down.
        const isLost = attempt > 0 || isLostAnswer(sent.error);
        if (!isLost || attempt === RETRIES || limited.aborted) throw sent.error;
      } else if (attempt === RETRIES || !isStopping(sent)) return sent;
      await wait(retryDelayMs(AGAIN, attempt, 0.5), undefined, { signal: limited }).catch(() => undefined);
    }
  }

  async #send(route: Route, input: CallInput<RouteName>, key: string | null, limited: AbortSignal): Promise<Answer> {
    const { credentials, signal } = this.#options;
    const url = urlBelow(credentials.url, fillPath(route.path, input.parameters ?? {}));
    for (const [name, value] of Object.entries(
      (input.query ?? {}) as Readonly<Record<string, string | number | undefined>>,
    )) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const headers: Record<string, string> = { accept: 'application/json' };
    if (credentials.token !== null) headers.authorization = `Bearer ${credentials.token}`;
    if (key !== null) headers['idempotency-key'] = key;
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

/** The coordinator stops or has lost its database, or what stands in front of it finds it gone. */
function isStopping({ response, json }: Answer): boolean {
  const parsed = problemSchema.safeParse(json);
  if (parsed.success) return ['SHUTTING_DOWN', 'STORE_UNAVAILABLE', 'STANDBY'].includes(parsed.data.code);
  return [502, 503, 504].includes(response.status);
}

/** The connection was there, and ended before the answer. */
function isLostAnswer(error: unknown): boolean {
  const cause = error instanceof LongshoreError ? error.cause : error;
  return cause instanceof Error && 'code' in cause && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE');
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
  if (url.startsWith('https:') && isPlainAnswer(error))
    return new LongshoreError('UNREACHABLE', `reach the coordinator at ${url}: it does not speak TLS`, {
      hint: 'Use http:// in its URL, or check the port.',
      cause: error,
    });
  if (url.startsWith('http:') && isLostAnswer(error))
    return new LongshoreError('UNREACHABLE', `reach the coordinator at ${url}: it closed the connection unanswered`, {
      hint: 'Use https:// in its URL where the port speaks TLS; else check that the coordinator runs.',
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
