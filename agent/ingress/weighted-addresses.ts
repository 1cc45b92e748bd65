/**
 * Weights as Caddy can keep them: its round robin takes the addresses of a DNS answer in turn, so a share is how often
 * an address stands in the answer. Few repetitions and even spreading, within what one UDP answer carries. Pure.
 */

export interface WeightedMember {
  readonly weight: number;
  readonly addresses: readonly string[];
}

/** 1232 bytes (what Go's resolver takes) hold about 70 addresses. */
export const LONGEST_ANSWER = 60;

/** @returns for each member its addresses, each as often as its share asks; members of weight 0 serve only alone. */
export function weightedAddresses(members: readonly WeightedMember[]): readonly (readonly string[])[] {
  const weighted = members.some(({ weight, addresses }) => weight > 0 && addresses.length > 0);
  const taking = members.map(({ weight, addresses }) => ({
    weight: weighted ? weight : 1,
    addresses: weighted && weight <= 0 ? [] : addresses,
  }));
  const copies = copiesOf(taking);
  return taking.map(({ addresses }, index) => addresses.flatMap((address) => repeat(address, copies[index] ?? 1)));
}

/** Spreads repetitions: `a a a b` becomes `a a b a`, so that no stretch of the turn goes to one address. */
export function interleave(addresses: readonly string[]): readonly string[] {
  const shares = new Map<string, number>();
  for (const address of addresses) shares.set(address, (shares.get(address) ?? 0) + 1);
  const credit = new Map<string, number>([...shares.keys()].map((address) => [address, 0]));
  return addresses.map(() => {
    let best: string | null = null;
    for (const [address, share] of shares) {
      const now = (credit.get(address) ?? 0) + share;
      credit.set(address, now);
      if (best === null || now > (credit.get(best) ?? 0)) best = address;
    }
    const chosen = best ?? '';
    credit.set(chosen, (credit.get(chosen) ?? 0) - addresses.length);
    return chosen;
  });
}

/** The smallest answer that is nearest to the wanted shares. */
function copiesOf(members: readonly WeightedMember[]): readonly number[] {
  const taking = members.filter(({ addresses }) => addresses.length > 0);
  const once = members.map(() => 1);
  const count = taking.reduce((sum, { addresses }) => sum + addresses.length, 0);
  if (taking.length < 2 || count >= LONGEST_ANSWER) return once;

  const weights = taking.reduce((sum, { weight }) => sum + weight, 0);
  let best = { copies: once, error: Number.POSITIVE_INFINITY };
  for (let size = count; size <= LONGEST_ANSWER; size++) {
    const copies = members.map(({ weight, addresses }) =>
      addresses.length === 0 ? 0 : Math.max(1, Math.round((size * weight) / (weights * addresses.length))),
    );
    const total = members.reduce((sum, { addresses }, index) => sum + addresses.length * (copies[index] ?? 0), 0);
    if (total > LONGEST_ANSWER) continue;
    const error = members.reduce(
      (worst, { weight, addresses }, index) =>
        addresses.length === 0
          ? worst
          : Math.max(worst, Math.abs((addresses.length * (copies[index] ?? 0)) / total - weight / weights)),
      0,
    );
    // A longer answer must be clearly better: rounding noise is no reason for it.
    if (error < best.error - 1e-9) best = { copies, error };
  }
  return best.copies;
}

function repeat(address: string, times: number): readonly string[] {
  return Array.from({ length: times }, () => address);
}
