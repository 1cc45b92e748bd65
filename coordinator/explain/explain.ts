/**
 * One sentence: why is this host not on its target, since when, and what happens next; or that it is. Pure. The first
 * obstacle in the order of `explain` is the one that is told: what lies nearer to the root of the trouble comes first.
 */
import type { HostAvailability } from '../../fleet/host.ts';
import type { HostProblem } from '../../fleet/report.ts';
import type { ExplainView } from '../../protocol/http-api/views.ts';
import type { AssignmentRefusal } from '../ports.ts';
import { type AppFacts, appObstacles, type Explained, isDone, leftBehind } from './app-obstacles.ts';

export interface ExplainFacts {
  readonly name: string;
  readonly availability: HostAvailability;
  readonly connected: boolean;
  /** When `connected` changed; null = not since the coordinator started. */
  readonly connectedChangedAt: number | null;
  readonly lastSeenAt: number | null;
  readonly enrolledAt: number;
  /** Machines that ask to be this host, each with the command that permits it. */
  readonly asking: readonly { readonly machine: string; readonly command: string }[];
  readonly refusal: Pick<AssignmentRefusal, 'problem' | 'isSentAgain'> | null;
  /** What is wrong with the host itself. */
  readonly problems: readonly HostProblem[];
  /** The data is an older copy, and nothing is assigned until somebody confirms it. */
  readonly waitsForRestore: boolean;
  /** An update of its system waits for the machine's next start. */
  readonly restartNeeded: boolean;
  readonly apps: readonly AppFacts[];
}

export function explain(facts: ExplainFacts): ExplainView {
  const found =
    askedFor(facts) ??
    notConnected(facts) ??
    held(facts) ??
    refused(facts) ??
    failing(facts) ??
    firstOf(facts) ??
    availability(facts) ??
    allIsWell(facts);
  return { host: facts.name, ...found };
}

function askedFor({ name, connected, connectedChangedAt, lastSeenAt, asking }: ExplainFacts): Explained | null {
  if (asking.length === 0) return null;
  const state = connected ? `Host ${name} is connected` : `Host ${name} is not connected`;
  const who =
    asking.length > 1
      ? `${asking.length} ${connected ? 'other ' : ''}machines ask`
      : `${connected ? 'another' : 'a'} machine asks`;
  const commands = asking.map(({ command }) => `\`${command}\``).join(' or ');
  return {
    sentence: `${state}, and ${who} to be it: ${asking.map(({ machine }) => machine).join('; ')}`,
    since: connectedChangedAt ?? lastSeenAt,
    next: connected
      ? 'What asks stays outside: stop the agent that is connected, or let the other machine enrol as a new host.'
      : `If its agent's data was made anew and the key is the one in that agent's log, run ${commands}; it starts nothing until then.`,
    nextAt: null,
  };
}

function notConnected({
  name,
  connected,
  lastSeenAt,
  connectedChangedAt,
  enrolledAt,
  apps,
}: ExplainFacts): Explained | null {
  if (connected) return null;
  const waiting = apps.filter((app) => app.target !== null && !isDone(app)).map(({ app }) => app);
  const next =
    waiting.length === 0
      ? 'When its agent connects it gets what changed meanwhile.'
      : `When its agent connects it goes on with ${waiting.join(', ')}.`;
  if (lastSeenAt === null && connectedChangedAt === null) {
    return {
      sentence: `Host ${name} is enrolled and its agent has never connected.`,
      since: enrolledAt,
      next,
      nextAt: null,
    };
  }
  const since = connectedChangedAt ?? lastSeenAt;
  return {
    sentence: `Host ${name} is not connected: its agent does not talk to this coordinator.`,
    since,
    next,
    nextAt: null,
  };
}

function held({ name, refusal, waitsForRestore, apps }: ExplainFacts): Explained | null {
  if (!waitsForRestore) return null;
  const why = refusal?.problem.message ?? "the coordinator's data was restored from an older copy";
  return {
    sentence: `Host ${name} keeps what it has (${running(apps)}), and gets nothing new: ${why}`,
    since: null,
    next: 'Compare `longshore plan` with what should run, then confirm with `longshore doctor --confirm-restore`: until then changes wait.',
    nextAt: null,
  };
}

function refused({ name, refusal, connectedChangedAt }: ExplainFacts): Explained | null {
  if (refusal === null) return null;
  return {
    sentence: `Host ${name} does not take its assignment: ${refusal.problem.message}`,
    since: connectedChangedAt,
    next: refusal.isSentAgain
      ? 'It is sent again by itself, a minute apart at most.'
      : 'It is sent again when its targets change or when its agent reconnects.',
    nextAt: null,
  };
}

function failing({ name, problems }: ExplainFacts): Explained | null {
  const first = problems.find((problem) => problem.failing);
  if (first === undefined) return null;
  return {
    sentence: `${name} has a problem with its ${first.part}: ${first.text}`,
    since: null,
    next: 'Its agent keeps looking and tries again by itself.',
    nextAt: null,
  };
}

function firstOf(facts: ExplainFacts): Explained | null {
  for (const check of appObstacles) {
    for (const app of facts.apps) {
      const found = check(app, facts.name);
      if (found !== null) return found;
    }
  }
  return null;
}

function availability({ name, availability: state, apps }: ExplainFacts): Explained | null {
  switch (state) {
    case 'active':
      return null;
    case 'paused':
      return {
        sentence: `${name} is cordoned: it runs what it has (${running(apps)}) and gets nothing new.`,
        since: null,
        next: 'Make it active to let it catch up.',
        nextAt: null,
      };
    case 'draining':
      return apps.some((app) => app.target?.kind === 'run')
        ? {
            sentence: `${name} is draining and still runs ${running(apps)}.`,
            since: null,
            next: 'It gives each app up when those that take over have answered.',
            nextAt: null,
          }
        : {
            sentence: `${name} is drained: it runs nothing.`,
            since: null,
            next: 'Make it active, or remove it.',
            nextAt: null,
          };
  }
}

function allIsWell({ name, restartNeeded, problems, apps }: ExplainFacts): Explained {
  const runs = running(apps);
  const warnings = problems.map(({ part, text }) => `${part}: ${text}`);
  const left = apps.flatMap((app) => leftBehind(app) ?? []);
  const holds = apps.flatMap(({ app, hold }) =>
    hold == null ? [] : [`${app} (${hold}; \`longshore apps unquarantine ${app}\` ends it)`],
  );
  return {
    sentence:
      runs === 'nothing'
        ? `${name} is connected, and no app is assigned to it.`
        : `${name} runs what it should: ${runs}.`,
    since: null,
    next:
      warnings.length > 0
        ? `Look at this: ${warnings.join('; ')}`
        : left.length > 0
          ? `Mixed releases: ${left.join('; ')}.`
          : restartNeeded
            ? 'An update of its system waits for a restart of the machine: drain it, then restart it or make it anew.'
            : holds.length > 0
              ? `Updates are held until a newer image appears: ${holds.join('; ')}`
              : null,
    nextAt: null,
  };
}

function running(apps: readonly AppFacts[]): string {
  const names = apps.flatMap(({ app, target }) => (target?.kind === 'run' ? [`${app} release ${target.release}`] : []));
  return names.length === 0 ? 'nothing' : names.join(', ');
}
