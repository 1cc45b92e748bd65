/**
 * The plan of one app at one moment: its memory first, then what its entry asks for. The same function serves a push, a
 * tick, a boot and the recovery from a crash, because it looks only at what is there. Pure.
 */
import type { RunEntry } from '../../fleet/assignment.ts';
import type { InstanceId } from '../../fleet/ids.ts';
import { goalInstances, leavingInstances, sameAttempt, sameInstances } from '../state/app-journal.ts';
import type { AppContext } from './app-context.ts';
import { type AttemptPlan, planAttempt } from './plan-attempt.ts';
import { planBegin } from './plan-begin.ts';
import { PlanBuilder } from './plan-builder.ts';
import { planCommitted } from './plan-committed.ts';
import { planFiles } from './plan-files.ts';
import { planImages } from './plan-images.ts';
import { planRecognition } from './plan-recognise.ts';
import { planRemoval } from './plan-removal.ts';
import { planStrays } from './plan-retirement.ts';
import { planVolumeNotes, unlabelledVolumes } from './plan-volumes.ts';
import { mayTryAgain } from './taken-route.ts';
import { type AppRouting, NO_ROUTING, routeApp } from './routing.ts';

export interface AppPlan {
  readonly builder: PlanBuilder;
  readonly routing: AppRouting;
  /** Of the attempt under way; null = none is. */
  readonly attempt: AttemptPlan | null;
  readonly isRemoved: boolean;
}

const NOTHING: ReadonlySet<string> = new Set();

export function planApp(context: AppContext): AppPlan {
  const plan = planEntry(context);
  const journalObject = `journal:${context.app}`;
  // Any other journal action writes it as well.
  if (context.facts.unsaved.has(context.app) && !plan.builder.has(journalObject))
    plan.builder.want({ kind: 'save-journal', app: context.app });
  return plan;
}

function planEntry(context: AppContext): AppPlan {
  const builder = new PlanBuilder(context);
  const { entry, journal } = context;
  if (!context.hasJournal && context.containers.length > 0) {
    planRecognition(context, builder);
    return { builder, routing: NO_ROUTING, attempt: null, isRemoved: false };
  }
  if (journal.recovered && !context.facts.confirmed) {
    builder.wait('its journal was lost: nothing changes until the coordinator confirms the assignment');
    return { builder, routing: routeCommitted(context), attempt: null, isRemoved: false };
  }
  if (entry === null) {
    if (journal.committed !== null) {
      planCommitted(context, builder, journal.committed, { replaced: NOTHING, recreate: false });
      if (journal.committed.entry !== null) planStrays(context, builder);
    }
    const isEmpty = journal.committed === null && context.containers.length === 0 && context.network === null;
    if (context.hasJournal && isEmpty)
      builder.want({ kind: 'forget', app: context.app, volumes: unlabelledVolumes(context) });
    planVolumeNotes(context, builder);
    return { builder, routing: routeCommitted(context), attempt: null, isRemoved: false };
  }
  if (entry.kind === 'remove') {
    const isRemoved = planRemoval(context, builder, entry);
    return { builder, routing: routeLeaving(context), attempt: null, isRemoved };
  }
  return planRun(context, builder, entry);
}

function planRun(context: AppContext, builder: PlanBuilder, entry: RunEntry): AppPlan {
  const { journal } = context;
  const { attempt, committed } = journal;
  let underWay: AttemptPlan | null = null;
  let replaced = NOTHING;
  if (attempt === null || isAnother(context, entry) || mayTryAgain(context)) {
    planBegin(context, builder, entry);
  } else if (attempt.state === 'running') {
    replaced = new Set(Object.keys(attempt.candidates));
    underWay = planAttemptOrGiveUp(context, builder);
  }
  if (committed !== null) planCommitted(context, builder, committed, { replaced, recreate: true });
  planStrays(context, builder);
  planImages(context, builder);
  planFiles(context, builder);
  planVolumeNotes(context, builder);
  builder.giveWay('save-budget');
  const routing =
    underWay?.isMoving === true && attempt !== null
      ? routeApp(context, {
          entry: attempt.entry,
          instances: goalInstances(journal, attempt),
          leaving: new Set<InstanceId>(),
        })
      : committed === null && underWay?.failure != null
        ? NO_ROUTING
        : routeCommitted(context);
  return { builder, routing, attempt: underWay, isRemoved: false };
}

/** A failed attempt is final for its number (but for a route that another app had); otherwise what the entry wants decides as well. */
function isAnother(context: AppContext, entry: RunEntry): boolean {
  const { attempt } = context.journal;
  if (attempt === null || !sameAttempt(attempt.entry, entry)) return true;
  return attempt.state !== 'failed' && !sameInstances(attempt.entry, entry);
}

/** Where the attempt has failed, nothing more is done for it: the verdict is all. */
function planAttemptOrGiveUp(context: AppContext, builder: PlanBuilder): AttemptPlan | null {
  const { attempt } = context.journal;
  if (attempt === null) return null;
  const tried = new PlanBuilder(context);
  const plan = planAttempt(context, tried, attempt);
  builder.merge(tried, plan.failure === null);
  if (plan.failure !== null) {
    builder.want({ kind: 'mark-failed', app: context.app, ...plan.failure });
    builder.wait(plan.failure.problem.message);
  }
  return plan;
}

/** What is committed serves; before the first commit the ingress is only told the routes, so that it need not be later. */
function routeCommitted(context: AppContext): AppRouting {
  const { committed, attempt } = context.journal;
  const leaving = leavingInstances(context.journal);
  if (committed !== null) return routeApp(context, { entry: committed.entry, instances: committed.instances, leaving });
  const entry = attempt?.state === 'running' && attempt.entry.onlyOnce !== true ? attempt.entry : null;
  return routeApp(context, { entry, instances: {}, leaving });
}

/** An app on its way out keeps its routes until its last request is answered, but gets nothing new. */
function routeLeaving(context: AppContext): AppRouting {
  if (context.containers.length === 0) return NO_ROUTING;
  const routing = routeCommitted(context);
  const upstreams = Object.fromEntries(Object.keys(routing.upstreams).map((service) => [service, []]));
  return { ...routing, upstreams, isReady: false };
}
