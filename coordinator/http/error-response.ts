/** Error code -> HTTP status, in one table over all codes, and the body that every refusal has. */
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
  const fromFastify = fastifyProblem(error);
  if (fromFastify !== null) return { status: statusOf(fromFastify.code), body: fromFastify, retryAfterSeconds: null };
  return {
    status: 500,
    body: problem('INTERNAL', `request ${requestId} failed inside the coordinator`),
    retryAfterSeconds: null,
  };
}

/** Body faults that fastify finds before a route runs. */
function fastifyProblem(error: unknown): Problem | null {
  if (typeof error !== 'object' || error === null || !('statusCode' in error) || !('message' in error)) return null;
  const message = String(error.message);
  if (error.statusCode === 413) return problem('TOO_LARGE', `read the body: ${message}`);
  if (error.statusCode === 400 || error.statusCode === 415) {
    return problem('INPUT_INVALID', `read the body: ${message}`, {
      hint: 'Send JSON with `Content-Type: application/json`.',
    });
  }
  return null;
}
