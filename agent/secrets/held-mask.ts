/**
 * Takes the values of all secrets that this host holds out of what a program printed, before it is cut, logged or kept:
 * the rest of a value that a cut went through would not be recognised by anyone.
 */
import { makeMask } from '../../fleet/secret-mask.ts';
import type { SealedStore } from './sealed-store.ts';

export type Mask = (text: string) => string;

export function heldMask(secrets: Pick<SealedStore, 'values' | 'changes'>): Mask {
  let known: { readonly changes: number; readonly mask: Mask } | null = null;
  return (text) => {
    // Opened when something failed, and not kept for longer than they stay the same.
    if (known?.changes !== secrets.changes)
      known = {
        changes: secrets.changes,
        mask: makeMask([...secrets.values()].map((value) => value.toString('utf8'))),
      };
    return known.mask(text);
  };
}
