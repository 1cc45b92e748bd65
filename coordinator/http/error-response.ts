/** Error code -> HTTP status, in one table over all codes, and the body that every refusal has. */
import { boundedText } from '../../fleet/bounded-text.ts';
import type { ErrorCode, Problem } from '../../fleet/errors.ts';
import { LongshoreError, problem } from '../../fleet/errors.ts';

const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  INPUT_INVALID: 400,
  APP_FILE_INVALID: 422,
  PLAN_STALE: 409,
  NOT_FOUND: 404,
  CONFLICT: 409,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  TOO_LARGE: 413,
  RATE_LIMITED: 429,
  TIMEOUT: 504,
  INTERNAL: 500,
  SHUTTING_DOWN: 503,
  STORE_UNAVAILABLE: 503,
  STANDBY: 503,
  NO_SPACE: 507,
  TOKEN_INVALID: 401,
  TOKEN_EXPIRED: 401,
  TOKEN_USED: 401,
  TOKEN_REVOKED: 401,
  SIGNATURE_INVALID: 401,
  IDENTITY_REFUSED: 403,
  CHALLENGE_EXPIRED: 409,
  INSTANCE_KNOWN: 409,
  FORMER_HOST: 409,
  GOOGLE_UNAVAILABLE: 503,
  HOST_OFFLINE: 409,
  REGISTRY_UNAVAILABLE: 502,
  REGISTRY_RATE_LIMITED: 503,
};

export interface ErrorResponse {
  readonly status: number;
  readonly body: Problem;
  readonly retryAfterSeconds: number | null;
}

/** Codes without a row of their own are refusals of what was asked: 422. */
export function statusOf(code: ErrorCode): number {
  return STATUS[code] ?? 422;
}

/** @param requestId named in the message of an unexpected fault, so that the log line is found; its text stays inside */
export function toErrorResponse(error: unknown, requestId: string): ErrorResponse {
  if (error instanceof LongshoreError) {
    return {
      status: statusOf(error.code),
      body: error.problem,
      retryAfterSeconds: error.retryAfterMs === null ? null : Math.ceil(error.retryAfterMs / 1000),
    };
  }
  const found = frameworkProblem(error);
  if (found !== null) return { ...found, retryAfterSeconds: null };
  return {
    status: 500,
    body: problem('INTERNAL', `request ${requestId} failed inside the coordinator`),
    retryAfterSeconds: null,
  };
}

/** Faults that fastify or Node's parser finds before a route runs: their status stays, their form is ours. */
export function frameworkProblem(error: unknown): Pick<ErrorResponse, 'status' | 'body'> | null {
  const { statusCode, code, message } = partsOf(error);
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { status: 408, body: problem('TIMEOUT', 'read the request: it did not come in time') };
  if (code === 'HPE_HEADER_OVERFLOW')
    return { status: 431, body: problem('TOO_LARGE', 'read the request: its headers are too large') };
  if (code === 'FST_ERR_MAX_PARAM_LENGTH')
    return { status: 414, body: problem('TOO_LARGE', 'read the URL: a part of its path is too long') };
  if (code === 'FST_ERR_BAD_URL')
    return {
      status: 400,
      body: problem('INPUT_INVALID', 'read the URL: it is not well-formed', {
        hint: 'Percent-encode what stands in its path.',
      }),
    };
  if (statusCode === 413) return { status: 413, body: problem('TOO_LARGE', `read the body: ${message}`) };
  if (statusCode === 400 || statusCode === 415) {
    const hint = 'Send JSON with `Content-Type: application/json`.';
    return { status: statusCode, body: problem('INPUT_INVALID', `read the body: ${message}`, { hint }) };
  }
  return null;
}

/** What Node's parser could not read as HTTP. */
export function brokenRequest(error: unknown): Pick<ErrorResponse, 'status' | 'body'> {
  return (
    frameworkProblem(error) ?? { status: 400, body: problem('INPUT_INVALID', 'read the request: it is not HTTP/1.1') }
  );
}

function partsOf(error: unknown): {
  readonly statusCode: number | null;
  readonly code: string;
  readonly message: string;
} {
  if (typeof error !== 'object' || error === null) return { statusCode: null, code: '', message: '' };
  const { statusCode, code, message } = error as Readonly<Record<string, unknown>>;
  return {
    statusCode: typeof statusCode === 'number' ? statusCode : null,
    code: typeof code === 'string' ? code : '',
    message: typeof message === 'string' ? boundedText(message, MOST_SAID) : '',
  };
}

/** A parser says what it stumbled over, which is the caller's own. */
const MOST_SAID = 256;
