/** Where the coordinator is, as people write it. What is wrong with it is said without a password that it may hold. */
import { LongshoreError } from '../fleet/errors.ts';
import type { ErrorCode } from '../fleet/errors.ts';

const HINT = 'For example https://longshore.example.com';

/**
 * @param operation begins the message: `log in`
 * @returns the URL in its normal form, without a slash at its end
 * @throws LongshoreError of `code`
 */
export function parseCoordinatorUrl(text: string, operation: string, code: ErrorCode): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.host === '')
    throw new LongshoreError(code, `${operation}: \`${withoutPassword(text)}\` is not an http(s) URL`, { hint: HINT });
  if (url.username !== '' || url.password !== '')
    throw new LongshoreError(code, `${operation}: ${withoutPassword(text)} holds a user name or a password`, {
      hint: 'The coordinator knows tokens only: leave it out, and run `longshore login` or set LONGSHORE_TOKEN_FILE.',
    });
  if (url.search !== '' || url.hash !== '')
    throw new LongshoreError(code, `${operation}: ${url.origin}${url.pathname} is followed by a query or a fragment`, {
      hint: HINT,
    });
  return url.href.replace(/\/+$/, '');
}

const MOST = 8;

/** Several, apart by commas, where a standby may take over. @throws LongshoreError of `code` */
export function parseCoordinatorUrls(text: string, operation: string, code: ErrorCode): readonly [string, ...string[]] {
  const [first = '', ...others] = text.split(',').map((each) => each.trim());
  if (others.length >= MOST)
    throw new LongshoreError(code, `${operation}: more than ${MOST} addresses`, { hint: HINT });
  const parse = (each: string): string => parseCoordinatorUrl(each, operation, code);
  return [parse(first), ...others.map(parse)];
}

/** @param path begins with a slash. A coordinator behind a proxy may live below a prefix, which stays. */
export function urlBelow(coordinator: string, path: string): URL {
  return new URL(`${coordinator.replace(/\/+$/, '')}${path}`);
}

/** A token, and a plan, are for one coordinator; two of them may share an origin. */
export function isSameCoordinator(a: string, b: string): boolean {
  return urlBelow(a, '').href === urlBelow(b, '').href;
}

/** Also where it is no URL at all: what stands before the last `@` goes. */
function withoutPassword(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/*)?.*@/is, '$1');
}
