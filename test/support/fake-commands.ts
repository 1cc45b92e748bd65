/** Use cases for tests of their faces: what a test does not give is refused by name, so nothing is answered by accident. */
import type { Actor, Commands } from '../../coordinator/commands.ts';

export const ACTORS: Readonly<Record<'viewer' | 'operator' | 'admin', Actor>> = {
  viewer: { tokenId: 't-1', name: 'vera', role: 'viewer' },
  operator: { tokenId: 't-2', name: 'olaf', role: 'operator' },
  admin: { tokenId: 't-3', name: 'ada', role: 'admin' },
};

/** Tokens are the names of the roles: `viewer`, `operator`, `admin`. */
export function fakeCommands(given: Partial<Commands>): Commands {
  const authenticate: Commands['authenticate'] = (token) =>
    Promise.resolve(Object.hasOwn(ACTORS, token) ? ACTORS[token as keyof typeof ACTORS] : null);
  const all: Partial<Commands> = { authenticate, ...given };
  return new Proxy(all, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (method !== undefined) return method;
      return () => Promise.reject(new Error(`this test gave no ${String(name)}`));
    },
  }) as Commands;
}
