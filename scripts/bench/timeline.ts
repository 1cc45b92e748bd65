// Where a deployment's time goes: the coordinator's own moments and the agents' actions (their debug log), as
// milliseconds after the API call. All on one machine, so by one clock. The parsing is pure.
import { readFileSync } from 'node:fs';
import type { BenchFleet } from './bench-fleet.ts';
import type { Deployed } from './deploy-version.ts';
import { renderTable } from './figure.ts';
import { median } from './statistics.ts';

export interface Part {
  readonly name: string;
  readonly beginMs: number;
  readonly endMs: number;
}

export interface HostAction {
  /** First words of its sentence: `create`, `set restart policy`. */
  readonly name: string;
  /** Wall clock. */
  readonly beginAt: number;
  readonly endAt: number;
}

const line = /^(\S+Z) debug (.*?)((?: \w+=\S+)*)$/;

/** The actions that an agent's log tells of. */
export function parseActions(log: string): HostAction[] {
  return log.split('\n').flatMap((text) => {
    const found = line.exec(text);
    const ms = / ms=(\d+)/.exec(found?.[3] ?? '')?.[1];
    if (found === null || ms === undefined) return [];
    const endAt = Date.parse(found[1] ?? '');
    return [{ name: actionName(found[2] ?? ''), beginAt: endAt - Number(ms), endAt }];
  });
}

/** The sentence up to what it is about. */
function actionName(sentence: string): string {
  return sentence.split(/ (?:on |the |image |of )?(?:bench|\S*\/)/)[0] ?? sentence;
}

export function readHostLogs(fleet: BenchFleet): readonly (readonly HostAction[])[] {
  return fleet.state.hosts.map((host) =>
    parseActions(readFileSync(fleet.folder.path(`agent-${host.name}.log`), 'utf8')),
  );
}

/** Each part of the slowest host; actions that ended after the answer are drains and not counted. */
export function partsOf(deployed: Deployed, hosts: readonly (readonly HostAction[])[]): Part[] {
  const { calledAt, view } = deployed;
  const parts: Part[] = [{ name: 'API call', beginMs: 0, endMs: deployed.repliedAt - calledAt }];
  const point = (name: string, at: number | null): void => {
    if (at !== null) parts.push({ name, beginMs: at - calledAt, endMs: at - calledAt });
  };
  point('queued', view.createdAt);
  point('rolling', view.startedAt);
  const byName = new Map<string, Part>();
  for (const actions of hosts) {
    for (const { name, beginAt, endAt } of actions) {
      if (beginAt < calledAt || beginAt > deployed.answeredAt) continue;
      const part = { name: `agent: ${name}`, beginMs: beginAt - calledAt, endMs: endAt - calledAt };
      const known = byName.get(name);
      if (known === undefined || known.endMs < part.endMs) byName.set(name, part);
    }
  }
  parts.push(...[...byName.values()].sort((a, b) => a.beginMs - b.beginMs));
  point('last host passed', Math.max(...view.steps.map((step) => step.changedAt)));
  point('succeeded', view.endedAt);
  point('seen by the client', deployed.succeededAt);
  point('new version answers on every host', deployed.answeredAt);
  return parts;
}

/** Medians over rounds, in the order of their beginning. */
export function renderParts(rounds: readonly (readonly Part[])[]): string {
  const names = [...new Set(rounds.flatMap((parts) => parts.map((part) => part.name)))];
  const rows = names.map((name) => {
    const found = rounds.flatMap((parts) => parts.filter((part) => part.name === name));
    const middle = (pick: (part: Part) => number): number => median(found.map(pick));
    return {
      begin: middle((part) => part.beginMs),
      cells: [
        name,
        middle((part) => part.beginMs),
        middle((part) => part.endMs),
        middle((part) => part.endMs - part.beginMs),
      ],
    };
  });
  rows.sort((a, b) => a.begin - b.begin);
  return renderTable(
    ['part', 'begins', 'ends', 'takes'],
    rows.map((row) => row.cells),
  );
}
