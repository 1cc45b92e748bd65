/** Which methods a path has, where a call names another one. Pure. */
import type { Route } from '../../protocol/http-api/route.ts';

/** @returns the methods of a path, sorted; empty = there is no such path */
export type AllowedMethods = (path: string) => readonly string[];

/** @param pages paths that are only read, besides the routes */
export function allowedMethods(
  routes: Readonly<Record<string, Pick<Route, 'method' | 'path'>>>,
  pages: Iterable<string>,
): AllowedMethods {
  const read = new Set(pages);
  const forms = Object.values(routes).map(({ method, path }) => ({
    method,
    form: new RegExp(`^${path.replaceAll(/\{[a-z]+\}/g, '[^/]+')}$`),
  }));
  return (path) => {
    const found = new Set(forms.filter(({ form }) => form.test(path)).map(({ method }): string => method));
    if (read.has(path)) found.add('GET');
    if (found.has('GET')) found.add('HEAD');
    return [...found].sort();
  };
}
