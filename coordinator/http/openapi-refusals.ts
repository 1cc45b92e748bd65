/** Which errors the OpenAPI document lists for a route. Every one is a Problem; `default` stands for the rare rest. */
import type { ErrorCode } from '../../fleet/errors.ts';
import type { Route } from '../../protocol/http-api/route.ts';
import { statusOf } from './error-response.ts';

type Json = Readonly<Record<string, unknown>>;

/** By status: its name among the components, and the code that is typical of it. */
const REFUSALS = {
  400: { name: 'Invalid', description: 'The request has mistakes; `details` lists all', code: 'INPUT_INVALID' },
  401: { name: 'Unauthenticated', description: 'No valid token', code: 'UNAUTHENTICATED' },
  403: { name: 'Forbidden', description: 'Not for this token', code: 'FORBIDDEN' },
  404: { name: 'NotFound', description: 'No such object', code: 'NOT_FOUND' },
  409: { name: 'Conflict', description: 'The state of the object does not allow it', code: 'CONFLICT' },
  413: { name: 'TooLarge', description: 'The body is too large', code: 'TOO_LARGE' },
  422: { name: 'Refused', description: 'Understood, and refused', code: 'REQUEST_DIFFERS' },
  429: { name: 'TooMany', description: 'Too many calls; `Retry-After` names the wait', code: 'RATE_LIMITED' },
  503: { name: 'Unavailable', description: 'Not now; call again', code: 'STORE_UNAVAILABLE' },
} as const satisfies Readonly<Record<number, { name: string; description: string; code: ErrorCode }>>;
type Status = keyof typeof REFUSALS;

const ANY = { name: 'Failed', description: 'Any other error', code: 'INTERNAL' } as const;

/** @param problem a reference to the schema of a Problem */
export function refusalResponses(problem: Json): Json {
  const rows = Object.entries(REFUSALS).map(([status, row]) => {
    if (statusOf(row.code) !== Number(status)) throw new Error(`${row.code} is not answered with ${status}`);
    return row;
  });
  return Object.fromEntries([...rows, ANY].map((row) => [row.name, response(row, problem)]));
}

/** @param hasPath the path names an object */
export function refusalsOf(route: Route, hasPath: boolean): Json {
  const isWrite = route.method !== 'GET';
  const statuses: readonly Status[] = [
    ...(hasPath || route.query !== null || route.body !== null ? [400 as const] : []),
    // Whatever the route: an enrolment is refused with them too.
    ...(route.access !== 'public' || isWrite ? ([401, 403] as const) : []),
    ...(hasPath ? [404 as const] : []),
    ...(isWrite ? [409 as const] : []),
    ...(route.body === null ? [] : [413 as const]),
    ...(isWrite ? [422 as const] : []),
    429,
    503,
  ];
  return {
    ...Object.fromEntries(statuses.map((status) => [status, reference(REFUSALS[status].name)])),
    default: reference(ANY.name),
  };
}

const reference = (name: string): Json => ({ $ref: `#/components/responses/${name}` });

/** The code stands in the text: an example beside each reference makes checkers of the document ten times slower. */
function response(row: { readonly description: string; readonly code: ErrorCode }, problem: Json): Json {
  return {
    description: `${row.description} (\`${row.code}\`)`,
    content: { 'application/json': { schema: problem } },
  };
}
