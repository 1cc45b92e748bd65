/** The store, with the time of each call measured until its answer, which for a write is its commit. */
import { isUseCase, OPERATIONS } from '../store/operations.ts';
import type { Store } from '../store/store.ts';

export function timedStore(
  store: Store,
  now: () => number,
  observe: (kind: 'read' | 'commit', seconds: number) => void,
): Store {
  return new Proxy(store, {
    get: (target, name, receiver) => {
      const found: unknown = Reflect.get(target, name, receiver);
      if (typeof found !== 'function' || typeof name !== 'string' || !isUseCase(name)) return found;
      const kind = OPERATIONS[name].writes ? 'commit' : 'read';
      return async (...args: readonly unknown[]): Promise<unknown> => {
        const began = now();
        try {
          return await (Reflect.apply(found, target, args) as Promise<unknown>);
        } finally {
          observe(kind, (now() - began) / 1000);
        }
      };
    },
  });
}
