/**
 * The one classifier of what the Docker Engine, and through it a registry, says when something fails. Docker sends
 * text: the same code 500 stands for a full disk, a taken port and a registry that is away. The rows are tried in
 * order; a test holds each with the wording it was found in.
 */
import { LongshoreError, type ErrorCode } from '../../fleet/errors.ts';

/** What came back from a call that failed. */
export interface EngineFailure {
  /** HTTP status of the engine; null where no answer came or the error stood inside of a stream. */
  readonly status: number | null;
  /** `ECONNREFUSED` and its like; null where the socket worked. */
  readonly errno: string | null;
  readonly message: string;
}

interface Row {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly hint?: string;
}

/** Between us and the engine's socket. */
const SOCKET: readonly Row[] = [
  {
    pattern: /\bEACCES\b|permission denied.*docker\.sock/i,
    code: 'ENGINE_UNAVAILABLE',
    hint: 'The agent may not open the socket of the Docker Engine: run it as root or in the group `docker`.',
  },
  {
    pattern: /\b(ECONNREFUSED|ENOENT|ECONNRESET|EPIPE|ETIMEDOUT|ENOTCONN)\b|socket hang up/,
    code: 'ENGINE_UNAVAILABLE',
  },
];

const ENGINE: readonly Row[] = [
  {
    pattern: /client version [\d.]+ is too (old|new)|client API version/i,
    code: 'ENGINE_UNSUITABLE',
    hint: 'Agent and Docker Engine have no API version in common: update the older of the two.',
  },
  { pattern: /no space left on device|disk quota exceeded/i, code: 'NO_SPACE' },
  {
    pattern:
      /port is already allocated|bind: address already in use|failed to bind host port|ports are not available|bind for .* failed/i,
    code: 'PORT_IN_USE',
  },
  {
    pattern: /address already in use/i,
    code: 'ADDRESS_IN_USE',
  },
  {
    pattern: /pool overlaps with other one|overlaps with (an )?existing|subnet .* overlaps|invalid pool request/i,
    code: 'CONFLICT',
    hint: 'The subnet is taken on this host; another one is needed.',
  },
  { pattern: /task \S+:? already exists|container with (given )?id (already )?exists/i, code: 'CONFLICT' },
  {
    pattern:
      /containerd.*(connection refused|unavailable|is not running)|transport is closing|shim.*deadline exceeded|daemon is shutting down/i,
    code: 'ENGINE_UNAVAILABLE',
  },
  { pattern: /no such image|image .* not found|unable to find image/i, code: 'IMAGE_NOT_FOUND' },
  { pattern: /no such (container|exec|network|volume)|(network|volume|container) \S+ not found/i, code: 'NOT_FOUND' },
];

/** Between the engine and the registry; also what the registry itself answers. */
const REGISTRY: readonly Row[] = [
  { pattern: /toomanyrequests|too many requests|pull rate limit|\b429\b/i, code: 'REGISTRY_RATE_LIMITED' },
  {
    pattern:
      /no matching manifest for|no match for platform|does not match the (specified|detected) .*platform|image operating system .* cannot be used|no image found .* for platform|does not provide the specified platform/i,
    code: 'IMAGE_PLATFORM',
  },
  { pattern: /no space left on device|disk quota exceeded/i, code: 'NO_SPACE' },
  {
    pattern: /http: server gave HTTP response to HTTPS client/i,
    code: 'REGISTRY_UNAVAILABLE',
    hint: "The registry speaks plain HTTP: give it TLS, or name it in `insecure-registries` of the host's /etc/docker/daemon.json.",
  },
  {
    pattern: /x509:|certificate (signed by unknown|has expired|is not)|tls: (failed|bad|unknown)/i,
    code: 'REGISTRY_UNAVAILABLE',
    hint: "The engine does not trust the registry's certificate: put its CA into /etc/docker/certs.d/REGISTRY/ca.crt on the host.",
  },
  {
    // A Helm chart, an artifact, a plugin, a manifest of schema 1 or of another kind.
    pattern:
      /unsupported media type|unsupported schema version|missing signature key|encountered remote .* when fetching|unexpected media type|schema 1 (support|not supported)|media type .* is no longer supported/i,
    code: 'IMAGE_INVALID',
  },
  {
    // Layers that are what their digests say and still make no image.
    pattern:
      /layers from manifest don't match image configuration|mismatched image rootfs and manifest layers|wrong diff id|error processing tar file(?!.*(signal|killed))|invalid tar header|failed to extract layer .*(archive\/tar|gzip|unexpected EOF|invalid magic)/i,
    code: 'IMAGE_INVALID',
    hint: 'The image is damaged: build and push it again.',
  },
  {
    pattern: /unknown blob|blob unknown/i,
    code: 'IMAGE_NOT_FOUND',
    hint: 'The registry has the manifest of the image but not all of its layers: push it again.',
  },
  {
    pattern: /invalid reference format|\bname invalid\b|invalid repository name/i,
    code: 'IMAGE_NOT_FOUND',
  },
  {
    pattern:
      /manifest unknown|manifest .* not found|name unknown|not found: (manifest|name) unknown|repository name not known/i,
    code: 'IMAGE_NOT_FOUND',
  },
  {
    pattern: /pull access denied|repository does not exist or may require/i,
    code: 'REGISTRY_DENIED',
    hint: 'Either there is no such repository, or it needs a login: check the reference, and store a credential with `longshore secrets registry`.',
  },
  {
    pattern:
      /unauthorized|authentication required|no basic auth credentials|access (to the resource is )?denied|\bdenied\b|incorrect username or password|insufficient_scope|\b(401|403)\b/i,
    code: 'REGISTRY_DENIED',
  },
  {
    pattern:
      /unexpected (http )?status( code)?:? .*5\d\d|received unexpected HTTP status|\b50[0234]\b|bad gateway|service unavailable|gateway time-?out/i,
    code: 'REGISTRY_UNAVAILABLE',
  },
  {
    pattern:
      /no such host|server misbehaving|connection (refused|reset)|i\/o timeout|tls handshake timeout|network is unreachable|no route to host|timeout|deadline exceeded|request canceled|unexpected EOF|\bEOF\b|broken pipe|temporary failure/i,
    code: 'REGISTRY_UNAVAILABLE',
  },
  { pattern: /\bnot found\b|\b404\b/i, code: 'IMAGE_NOT_FOUND' },
];

/** @param operation what was tried and on what: `start i-0123456789ab` */
export function engineError(operation: string, failure: EngineFailure, cause?: unknown): LongshoreError {
  const row =
    find(SOCKET, failure.errno ?? (failure.status === null ? failure.message : '')) ?? find(ENGINE, failure.message);
  return make(operation, failure, row ?? { code: codeOfStatus(failure.status) }, cause);
}

/** Of a pull: the engine's own troubles first, then the registry's; what nobody knows is a registry's passing fault. */
export function pullError(operation: string, failure: EngineFailure, cause?: unknown): LongshoreError {
  const socket = find(SOCKET, failure.errno ?? '');
  const row = socket ?? find(REGISTRY, withoutAddresses(failure.message)) ?? { code: 'REGISTRY_UNAVAILABLE' as const };
  return make(operation, failure, row, cause);
}

/** A repository may be called `app-404` or `denied`: what an address is made of says nothing about what went wrong. */
function withoutAddresses(message: string): string {
  return message.replaceAll(/"?\bhttps?:\/\/[^\s"]+"?/g, 'URL').replaceAll(/sha256:[0-9a-f]{64}/g, 'DIGEST');
}

function find(rows: readonly Row[], text: string): Row | undefined {
  return rows.find((row) => row.pattern.test(text));
}

function make(operation: string, failure: EngineFailure, row: Omit<Row, 'pattern'>, cause: unknown): LongshoreError {
  const retryAfterMs = row.code === 'REGISTRY_RATE_LIMITED' ? retryAfterOf(failure.message) : null;
  const text = row.code === 'PORT_IN_USE' ? takenPort(failure.message) : failure.message;
  return new LongshoreError(row.code, `${operation}: ${text}`, {
    ...(row.hint === undefined ? {} : { hint: row.hint }),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
    cause,
  });
}

/** The engine's own text repeats the container's name around the one thing that counts. */
function takenPort(message: string): string {
  const [, port] = /(?:\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]*\]|::):(\d{1,5})\b/i.exec(message) ?? [];
  return port === undefined ? message : `host port ${port} is taken by another program on this host`;
}

function codeOfStatus(status: number | null): ErrorCode {
  if (status === null || status === 502 || status === 503) return 'ENGINE_UNAVAILABLE';
  if (status === 404) return 'NOT_FOUND';
  return status === 409 ? 'CONFLICT' : 'ENGINE_REFUSED';
}

const UNIT_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  µs: 0.001,
  us: 0.001,
  ns: 0,
};

/** `toomanyrequests: retry-after: 1m3.5s, allowed: 44000/minute` -> 63500; a bare number is seconds. */
export function retryAfterOf(message: string): number | null {
  const text = /retry[- ]after:?\s*([0-9.a-zµ]+)/i.exec(message)?.[1];
  if (text === undefined) return null;
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  let totalMs = 0;
  for (const [, number = '', unit = ''] of text.matchAll(/([\d.]+)(ms|µs|us|ns|h|m|s)/g)) {
    totalMs += Number(number) * (UNIT_MS[unit] ?? 0);
  }
  return Math.ceil(totalMs);
}

/** What dockerode threw, as data. */
export function toFailure(error: unknown): EngineFailure {
  if (!(error instanceof Error)) return { status: null, errno: null, message: String(error) };
  const { statusCode, code, json } = error as { statusCode?: unknown; code?: unknown; json?: unknown };
  const status = typeof statusCode === 'number' ? statusCode : null;
  const errno = typeof code === 'string' && status === null ? code : null;
  return { status, errno, message: messageOf(json) ?? error.message.trim() };
}

/** dockerode wraps the engine's words: `(HTTP code 409) conflict - ...`; the words alone are in its JSON. */
function messageOf(json: unknown): string | null {
  if (typeof json !== 'object' || json === null || !('message' in json)) return null;
  return typeof json.message === 'string' ? json.message.trim() : null;
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}

/** The connection broke by itself, between us and the engine. */
export function isSocketFault(error: unknown): boolean {
  // Ours are verdicts already: the connection never came about, or the call was refused.
  if (error instanceof LongshoreError) return false;
  const failure = toFailure(error);
  return failure.status === null && find(SOCKET, `${failure.errno ?? ''} ${failure.message}`) !== undefined;
}
