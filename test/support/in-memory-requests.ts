/** The part of the store that remembers requests, for tests of what is above it. */
import type { RequestStore } from '../../coordinator/store/store.ts';

export function inMemoryRequests(): RequestStore {
  const known = new Map<string, { readonly hash: string; ciphertext: Uint8Array | null }>();
  const idOf = ({ actor, key }: { readonly actor: string; readonly key: string }): string => `${actor} ${key}`;
  return {
    beginRequest: async (args) => {
      const found = known.get(idOf(args));
      if (found === undefined) known.set(idOf(args), { hash: args.hash, ciphertext: null });
      else if (found.hash !== args.hash) return { kind: 'differs' };
      else if (found.ciphertext !== null) return { kind: 'answered', ciphertext: found.ciphertext };
      return { kind: 'begun' };
    },
    answerRequest: async (args) => {
      const found = known.get(idOf(args));
      if (found !== undefined) found.ciphertext = args.ciphertext;
    },
    forgetRequest: async (args) => {
      known.delete(idOf(args));
    },
  };
}
