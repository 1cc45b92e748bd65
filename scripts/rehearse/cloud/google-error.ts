/**
 * Errors in the shape that Google's APIs give them. What the stand-in does not know is a 501 that names the call, so
 * that a rehearsal never passes by something that it left out.
 */
import type { JsonObject } from './json.ts';

export class GoogleError extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.name = 'GoogleError';
    this.status = status;
    this.reason = reason;
  }
}

const statusNames: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
  412: 'FAILED_PRECONDITION',
  501: 'UNIMPLEMENTED',
};

export function errorBody(error: GoogleError): JsonObject {
  return {
    error: {
      code: error.status,
      message: error.message,
      errors: [{ message: error.message, domain: 'global', reason: error.reason }],
      status: statusNames[error.status] ?? 'UNKNOWN',
    },
  };
}

export function notFound(path: string): GoogleError {
  return new GoogleError(404, 'notFound', `The resource '${path}' was not found`);
}

export function alreadyExists(path: string): GoogleError {
  return new GoogleError(409, 'alreadyExists', `The resource '${path}' already exists`);
}

export function invalid(message: string): GoogleError {
  return new GoogleError(400, 'invalid', message);
}

export function notRehearsed(call: string): GoogleError {
  return new GoogleError(
    501,
    'notImplemented',
    `The rehearsal's stand-in of Google Cloud does not know this call: ${call}`,
  );
}
