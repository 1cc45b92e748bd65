/**
 * Which TCP ports a machine's firewall lets in, read from `iptables -S`: what ufw and iptables-persistent write. Rules that
 * only some machines pass (by source address or interface) count as open, so that nothing is called closed that is not. Pure.
 */

interface Rule {
  readonly target: string;
  /** Pairs of option and value, as `--dport` and `80`. */
  readonly options: ReadonlyMap<string, string>;
}

/** Chains jump to each other without loops; this bounds a text that says otherwise. */
const MOST_JUMPS = 500;

/** The ports of these that no rule accepts; none where INPUT does not drop by default. */
export function closedPorts(rules: string, ports: readonly number[]): readonly number[] {
  const chains = new Map<string, Rule[]>();
  let dropsByDefault = false;
  for (const line of rules.split('\n')) {
    const words = line.match(/"[^"]*"|\S+/g) ?? [];
    const [verb, chain, ...rest] = words;
    if (chain === undefined) continue;
    if (verb === '-P' && chain === 'INPUT') dropsByDefault = rest[0] === 'DROP';
    if (verb === '-A') chains.set(chain, [...(chains.get(chain) ?? []), readRule(rest)]);
  }
  const input = chains.get('INPUT') ?? [];
  if (!dropsByDefault && !input.some(refusesTheRest)) return [];
  return ports.filter((port) => !isAccepted(port, 'INPUT', chains, { jumps: 0 }));
}

function isAccepted(
  port: number,
  chain: string,
  chains: ReadonlyMap<string, readonly Rule[]>,
  walked: { jumps: number },
): boolean {
  walked.jumps += 1;
  if (walked.jumps > MOST_JUMPS) return true;
  for (const rule of chains.get(chain) ?? []) {
    if (refusesTheRest(rule)) return false;
    if (!matches(rule, port)) continue;
    if (rule.target === 'ACCEPT') return true;
    if (chains.has(rule.target) && isAccepted(port, rule.target, chains, walked)) return true;
  }
  return false;
}

function readRule(words: readonly string[]): Rule {
  const options = new Map<string, string>();
  for (const [index, word] of words.entries()) {
    if (!word.startsWith('-')) continue;
    const name = words[index - 1] === '!' ? `! ${word}` : word;
    options.set(name, words[index + 1] ?? '');
  }
  return { target: options.get('-j') ?? options.get('-g') ?? '', options };
}

const refusesTheRest = ({ target, options }: Rule): boolean =>
  (target === 'DROP' || target === 'REJECT') &&
  [...options.keys()].every((name) => ['-j', '--reject-with'].includes(name));

/** Whether the first packet of a connection from another machine may match. */
function matches({ options }: Rule, port: number): boolean {
  const protocol = options.get('-p') ?? 'all';
  if (protocol !== 'all' && protocol !== 'tcp') return false;
  if (options.get('-i') === 'lo') return false;
  const states = options.get('--ctstate') ?? options.get('--state');
  if (states !== undefined && !states.split(',').includes('NEW')) return false;
  // Of a module only these say for which destination a packet is; ufw asks for multicast and broadcast.
  const destination = options.get('--dst-type');
  if (destination !== undefined && destination !== 'LOCAL') return false;
  const wanted = options.get('--dport') ?? options.get('--dports');
  return wanted === undefined || wanted.split(',').some((range) => holds(range, port));
}

function holds(range: string, port: number): boolean {
  const [from, to] = range.split(':').map(Number);
  return from !== undefined && port >= from && port <= (to ?? from);
}
