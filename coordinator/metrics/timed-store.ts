/** The store, with the time of each call until its commit given to whoever measures. */
import type { Store } from '../store/store.ts';

/** No calls of the database. */
const PLAIN: readonly PropertyKey[] = ['onAppended', 'obstacle', 'standbys', 'close'];

export function timedStore(store: Store, now: () => number, observe: (seconds: number) => void): Store {
  return new Proxy(store, {
    get: (target, name, receiver) => {
      const found: unknown = Reflect.get(target, name, receiver);
      if (typeof found !== 'function' || PLAIN.includes(name)) return found;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        const began = now();
        try {
          return await (Reflect.apply(found, target, args) as Promise<unknown>);
        } finally {
          observe((now() - began) / 1000);
        }
      };
    },
  });
}
