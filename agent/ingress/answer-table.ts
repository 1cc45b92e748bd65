/**
 * What the answerer says for every name, and what becomes of a request to a group that nobody serves:
 *
 *   live   its addresses
 *   held   it was live a moment ago (a stop-first swap, a crash): no address, and Caddy asks the hold listener, which
 *          lets the request wait until the group is live again or the hold ends
 *   down   an address that cannot be dialled, so that Caddy knows at once, without asking again, and shows its page
 *
 * Pure: (groups, upstreams, states before, now) -> states and answers.
 */
import type { Upstreams } from './ingress.ts';
import type { RouteGroup } from './route-groups.ts';
import { interleave, LONGEST_ANSWER, weightedAddresses } from './weighted-addresses.ts';

/** TCP to it fails in the kernel at once (ENETUNREACH): nothing leaves the machine. */
export const SINKHOLE = '255.255.255.255';

export type GroupState =
  { readonly kind: 'live' } | { readonly kind: 'held'; readonly untilMs: number } | { readonly kind: 'down' };

export interface AnswerTable {
  /** By group key. */
  readonly states: ReadonlyMap<string, GroupState>;
  /** By DNS label; empty: this name has no address. */
  readonly answers: ReadonlyMap<string, readonly string[]>;
}

export const EMPTY_TABLE: AnswerTable = { states: new Map(), answers: new Map() };

export interface TableInputs {
  readonly groups: readonly RouteGroup[];
  readonly upstreams: Upstreams;
  readonly previous: AnswerTable;
  /** Monotonic. */
  readonly nowMs: number;
  readonly holdMs: number;
}

export function answerTable(inputs: TableInputs): AnswerTable {
  const states = new Map<string, GroupState>();
  const answers = new Map<string, readonly string[]>();
  for (const group of inputs.groups) {
    const lists = liveAddresses(group, inputs.upstreams);
    const live = lists.some((list) => list.length > 0);
    const state: GroupState = live ? { kind: 'live' } : nextState(inputs, group.key);
    states.set(group.key, state);
    for (const [index, source] of group.sources.entries()) {
      answers.set(source.label, state.kind === 'down' ? [SINKHOLE] : (lists[index] ?? []));
    }
  }
  return { states, answers };
}

/** When a held group goes down by itself; null where none is held. */
export function nextDeadlineMs(table: AnswerTable): number | null {
  const deadlines = [...table.states.values()].flatMap((state) => (state.kind === 'held' ? [state.untilMs] : []));
  return deadlines.length === 0 ? null : Math.min(...deadlines);
}

/** Labels that are answered otherwise than before. */
export function changedLabels(before: AnswerTable, after: AnswerTable): readonly string[] {
  return [...after.answers].flatMap(([label, addresses]) => {
    const old = before.answers.get(label);
    const same = old?.length === addresses.length && old.every((address, index) => address === addresses[index]);
    return same ? [] : [label];
  });
}

/** For each source of the group the addresses in the order of their turn. */
function liveAddresses(group: RouteGroup, upstreams: Upstreams): readonly (readonly string[])[] {
  const addressesOf = (service: string, port: number): readonly string[] =>
    [...(upstreams[`${service}:${port}`] ?? upstreams[service] ?? [])].sort();
  const members = group.sources.flatMap((source) =>
    source.members.map((member) => ({ ...member, source, addresses: addressesOf(member.service, source.port) })),
  );
  const lists = weightedAddresses(members);
  return group.sources.map((source) =>
    interleave(members.flatMap((member, index) => (member.source === source ? (lists[index] ?? []) : []))).slice(
      0,
      LONGEST_ANSWER,
    ),
  );
}

function nextState({ previous, nowMs, holdMs }: TableInputs, key: string): GroupState {
  const before = previous.states.get(key);
  switch (before?.kind) {
    case 'live':
      return holdMs > 0 ? { kind: 'held', untilMs: nowMs + holdMs } : { kind: 'down' };
    case 'held':
      return before.untilMs > nowMs ? before : { kind: 'down' };
    case 'down':
    case undefined:
      return { kind: 'down' };
  }
}
