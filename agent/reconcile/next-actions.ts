/**
 * The agent's one decision: from the assignment, what is seen, and the journals, what to do now. Level-triggered
 * and pure: the same input gives the same plan, and boot, push, poll and crash recovery all come through here.
 *
 *   - nothing old is removed before the app's commit; a failed attempt is never tried again under its number
 *   - what no entry names keeps running and is reported
 *   - actions on one object exclude each other (the caller skips those under way)
 */
import type { Assignment } from '../../fleet/assignment.ts';
import type { AppName } from '../../fleet/ids.ts';
import type { AppReport } from '../../fleet/report.ts';
import type { Instant } from '../clock.ts';
import { type AppJournal, emptyJournal, isOnlyVolumes } from '../state/app-journal.ts';
import { type Action, objectOf } from './action.ts';
import { type Alarm, alarmsOf } from './alarms.ts';
import type { AppContext, HostRules, OtherApp } from './app-context.ts';
import { reportApp } from './app-report.ts';
import type { Observation, ProbeTarget } from './observation.ts';
import { planApp } from './plan-app.ts';
import type { PlanBuilder, Wait } from './plan-builder.ts';
import { planIngress } from './plan-ingress.ts';
import { planPrefetch } from './plan-prefetch.ts';
import type { AppRouting } from './routing.ts';

export interface PlanInput {
  readonly assignment: Assignment | null;
  readonly observation: Observation;
  readonly journals: Readonly<Record<AppName, AppJournal>>;
  readonly rules: HostRules;
  readonly now: Instant;
}

export interface Plan {
  readonly actions: readonly Action[];
  readonly waits: readonly Wait[];
  /** All instances that should be probed now. */
  readonly probes: readonly ProbeTarget[];
  readonly apps: Readonly<Record<AppName, AppReport>>;
  readonly alarms: readonly Alarm[];
  /** What is known of the engine is too old to decide by: look again. */
  readonly asksEngine: boolean;
  /** Objects of what is only done ahead of time: a host that downloads for later is as it should be. */
  readonly ahead: ReadonlySet<string>;
  /** Every app is as it should be, and nothing is left to do but what is done ahead. */
  readonly converged: boolean;
  /** Earliest moment (monotonic) at which planning again finds more; null = only an event does. */
  readonly wakeAtMs: number | null;
}

export function nextActions(input: PlanInput): Plan {
  const actions: Action[] = [];
  const waits: Wait[] = [];
  const probes: ProbeTarget[] = [];
  const timers: number[] = [];
  const alarms: Alarm[] = [];
  const apps: Record<AppName, AppReport> = {};
  const routings: AppRouting[] = [];
  let asksEngine = false;
  const ahead = new Set<string>();
  /** Given out in this very plan, so that two apps that begin together do not get the same. */
  const subnets: string[] = [];
  const known = appsOf(input).map((app) => toOther(input, app));
  for (const { app } of known) {
    const others = known.filter((other) => other.app !== app);
    const context = toContext(input, app, subnets, others);
    const plan = planApp(context);
    for (const action of plan.builder.actions)
      if (action.kind === 'begin' && action.subnet !== null) subnets.push(action.subnet);
    const report = reportApp(context, plan);
    const prefetch = planPrefetch(context);
    for (const action of prefetch.actions) ahead.add(objectOf(action));
    actions.push(...plan.builder.actions, ...prefetch.actions);
    waits.push(...plan.builder.waits);
    probes.push(...pausedWhileNamed(plan.builder));
    timers.push(...plan.builder.timers, ...prefetch.timers);
    asksEngine ||= plan.builder.asksEngine;
    alarms.push(...alarmsOf(context));
    routings.push(plan.routing);
    apps[app] = report;
  }
  const ingress = planIngress(input.observation, routings, input.now);
  actions.push(...ingress.actions);
  waits.push(...ingress.waits);
  // A moment that is over is in this plan already: waking for it again would turn the loop without end.
  const wakes = [...timers, ...waits.flatMap((wait) => wait.wakeAtMs ?? [])].filter(
    (atMs) => atMs > input.now.monotonicMs,
  );
  const unique = oneAnImage(actions);
  return {
    actions: unique,
    waits,
    probes,
    apps,
    alarms,
    asksEngine,
    ahead,
    converged:
      unique.every((action) => ahead.has(objectOf(action))) && Object.values(apps).every((report) => report.converged),
    wakeAtMs: wakes.length === 0 ? null : Math.min(...wakes),
  };
}

/** Everything that an entry, a journal or the engine knows, in a stable order. */
function appsOf(input: PlanInput): readonly AppName[] {
  const { engine } = input.observation;
  return [
    ...new Set<AppName>([
      ...(input.assignment?.entries.map((entry) => entry.app) ?? []),
      ...Object.values(input.journals).flatMap((journal) => (isOnlyVolumes(journal) ? [] : [journal.app])),
      ...engine.containers.map((container) => container.app),
      ...engine.networks.map((network) => network.app),
    ]),
  ].sort();
}

function toOther({ assignment, journals, observation }: PlanInput, app: AppName): OtherApp {
  return {
    app,
    entry: assignment?.entries.find((entry) => entry.app === app) ?? null,
    journal: journals[app] ?? emptyJournal(app),
    hasContainers: observation.engine.containers.some((each) => each.app === app),
  };
}

function toContext(
  input: PlanInput,
  app: AppName,
  subnets: readonly string[],
  others: readonly OtherApp[],
): AppContext {
  const { observation, journals } = input;
  const { engine } = observation;
  const journal = journals[app];
  return {
    rules: input.rules,
    app,
    entry: input.assignment?.entries.find((entry) => entry.app === app) ?? null,
    prefetch: input.assignment?.prefetch?.find((prefetch) => prefetch.app === app) ?? null,
    journal: journal ?? emptyJournal(app),
    hasJournal: journal !== undefined,
    containers: engine.containers.filter((each) => each.app === app),
    network: engine.networks.find((each) => each.app === app) ?? null,
    volumes: engine.volumes.filter((each) => each.app === app),
    facts: observation,
    takenSubnets: [
      ...subnets,
      ...observation.refusedSubnets,
      ...engine.networks.filter((each) => each.app !== app).map((each) => each.subnet),
      ...Object.values(journals).flatMap((each) => (each.app === app || each.subnet === null ? [] : [each.subnet])),
    ],
    others,
    now: input.now,
  };
}

/** A reconnect is wanted until it is done, so this holds for as long as it is under way. */
function pausedWhileNamed(builder: PlanBuilder): readonly ProbeTarget[] {
  const named = new Set(builder.actions.flatMap((each) => (each.kind === 'set-names' ? [each.instance] : [])));
  return builder.probes.map((target) => (named.has(target.instance) ? { ...target, isPaused: true } : target));
}

/** Services and apps may share an image, and an attempt may want what was to be downloaded ahead of it. */
function oneAnImage(actions: readonly Action[]): readonly Action[] {
  const images = new Set<string>();
  return actions.filter((action) => {
    if (action.kind !== 'pull' && action.kind !== 'hold-image') return true;
    const image = objectOf(action);
    if (images.has(image)) return false;
    images.add(image);
    return true;
  });
}
