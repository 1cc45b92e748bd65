/**
 * How each action is done: one call to a port, then the memory is told. Executors are obedient: they decide nothing and
 * throw what fails. Journal actions reach the disk before they count.
 */
import { boundedText } from '../../fleet/bounded-text.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { AppName, InstanceId } from '../../fleet/ids.ts';
import { TEXT_LIMITS } from '../../fleet/limits.ts';
import {
  committedJournal,
  completionsOf,
  emptyJournal,
  failedJournal,
  type AppJournal,
  type Completion,
  type InstanceRecord,
  withCompletions,
} from '../state/app-journal.ts';
import type { StateStore } from '../state/state-store.ts';
import type { Clock } from '../clock.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';
import type { Ingress } from '../ingress/ingress.ts';
import { type ActionOf, type Executors, imageKey } from './action.ts';
import type { AppFiles } from './app-files.ts';
import { drain } from './drain.ts';
import { lastOutput, outputNote } from './last-output.ts';
import type { Memory } from './memory.ts';
import type { Mask } from '../secrets/held-mask.ts';
import { filesKey, isFilesKeyOf } from './prerequisites.ts';
import { pruneKey } from './plan-files.ts';
import { pullWithProgress } from './pull-image.ts';
import { saveBudget, saveJournal, saveVerdict } from './save-journal.ts';
import { DEFAULT_DRIVER } from '../../fleet/volume-definition.ts';
import { allocateSubnet } from './subnet.ts';

export interface ExecutorTools {
  readonly engine: ContainerEngine;
  readonly ingress: Ingress | null;
  readonly files: AppFiles;
  readonly store: Pick<StateStore, 'saveJournal' | 'forgetJournal'>;
  readonly memory: Memory;
  readonly clock: Clock;
  readonly subnetPool: string;
  readonly newInstanceId: () => InstanceId;
  /** Takes secrets out of what a program printed. */
  readonly mask: Mask;
  readonly onEvent: (event: string, app: AppName | null, text: string) => void;
  /** Something changed while an action was still under way (a pull's progress). */
  readonly onProgress: () => void;
}

export function makeExecutors(tools: ExecutorTools): Executors {
  const { engine, ingress, files, memory, clock, mask, onEvent } = tools;
  const save = (journal: AppJournal): Promise<void> => saveJournal(tools, journal);
  const journalOf = (app: AppName): AppJournal => memory.journals.get(app) ?? emptyJournal(app);

  return {
    begin: (action) => begin(tools, action),
    recognise: async ({ app, committed, subnet, addresses }) => {
      await save({ ...emptyJournal(app), committed, subnet, addresses, recovered: true });
      onEvent(
        'journal-lost',
        app,
        `the journal of ${app} was lost; ${Object.keys(committed?.instances ?? {}).length} instances were recognised by their restart policy`,
      );
    },
    'save-budget': async ({ app, budgetLeftMs, retries }) => {
      const { attempt, ...rest } = journalOf(app);
      const sinceMs = clock.now().monotonicMs;
      if (attempt !== null) await saveBudget(tools, { ...rest, attempt: { ...attempt, budgetLeftMs, retries } });
      memory.budgetSince.set(app, sinceMs);
    },
    'note-stop': async ({ app, instances, graceMs }) => {
      const { attempt, ...rest } = journalOf(app);
      if (attempt === null) return;
      const stopped = [...new Set([...attempt.stopped, ...instances])];
      await save({ ...rest, attempt: { ...attempt, stopped, budgetLeftMs: attempt.budgetLeftMs + graceMs } });
    },
    'note-completed': ({ app, instances }) => save(withCompletions(journalOf(app), instances)),
    'forget-stop': async ({ app }) => {
      const { attempt, ...rest } = journalOf(app);
      if (attempt !== null) await save({ ...rest, attempt: { ...attempt, stopped: [] } });
    },
    'move-address': async ({ app, key, index }) => {
      const journal = journalOf(app);
      await save({ ...journal, addresses: { ...journal.addresses, [key]: index } });
    },
    commit: ({ app, images }) => save(committedJournal(journalOf(app), images)),
    'mark-failed': async ({ app, problem, failedService, instance }, signal) => {
      const note = instance === null ? '' : outputNote(await lastOutput(engine, instance, mask, signal));
      const message = `${boundedText(problem.message, TEXT_LIMITS.problemMessage - note.length)}${note}`;
      const before = journalOf(app);
      const unwritten = await saveVerdict(tools, failedJournal(before, { ...problem, message }, failedService));
      const back =
        before.committed === null ? 'there is nothing to go back to' : `release ${before.committed.release} serves`;
      onEvent(
        'attempt-failed',
        app,
        // What the program wrote last stays whole: it is what people look for.
        `${app} release ${before.attempt?.entry.release ?? 0} failed, ${back}: ${boundedText(problem.message, 1_500)}${note}`,
      );
      if (unwritten !== null) throw unwritten;
    },
    'save-journal': async ({ app }) => {
      if (memory.unsaved.has(app)) await save(journalOf(app));
    },
    'note-volumes': async ({ app, volumes }) => {
      const before = journalOf(app);
      await save({ ...before, volumes: { ...before.volumes, ...volumes } });
    },
    forget: async ({ app, volumes }) => {
      await files.prune(app, []);
      if (Object.keys(volumes).length > 0) {
        await save({ ...emptyJournal(app), volumes });
      } else {
        await tools.store.forgetJournal(app);
        memory.journals.delete(app);
      }
      memory.prunedFiles.delete(app);
    },

    pull: async ({ request }, signal) => {
      const key = imageKey(request);
      const found = await engine.findImage(request);
      if (found !== null) {
        memory.images.set(key, found);
        return;
      }
      try {
        const say = (progress: string): void => {
          memory.pulling.set(key, progress);
          tools.onProgress();
        };
        memory.images.set(key, await pullWithProgress(tools, request, say, signal));
      } finally {
        memory.pulling.delete(key);
      }
    },
    'hold-image': async ({ app, service, release, imageId }) => {
      await engine.holdImage(imageId, app, service, release);
      const held = { app, service, release, imageId, createdAtMs: clock.now().wallMs };
      memory.held = [...(memory.held ?? []), held];
    },
    'release-image': async ({ held }) => {
      await engine.releaseImage(held);
      memory.images.clear();
      memory.held = (memory.held ?? []).filter(
        (each) => each.app !== held.app || each.service !== held.service || each.release !== held.release,
      );
    },
    'ensure-network': (action) => ensureNetwork(tools, action),
    'remove-network': async ({ app }) => {
      await engine.removeNetwork(app);
      memory.apply({ kind: 'network-removed', app });
    },
    'ensure-volume': async ({ app, volume, spec }) => {
      const name = await engine.ensureVolume(app, volume, spec);
      const { driver, driverOpts: options } = spec;
      memory.apply({ kind: 'volume', volume: { app, volume, name, driver: driver ?? DEFAULT_DRIVER, options } });
    },
    'remove-volume': async ({ app, volume, name }) => {
      await engine.removeVolume(app, volume, name);
      memory.apply({ kind: 'volume-removed', app, volume });
      const journal = memory.journals.get(app);
      if (journal === undefined || !(volume in journal.volumes)) return;
      const { [volume]: _removed, ...volumes } = journal.volumes;
      await save({ ...journal, volumes });
    },
    'write-files': async ({ entry }) => {
      memory.files.set(filesKey(entry), await files.ensure(entry));
    },
    'prune-files': async ({ app, kept }) => {
      await files.prune(app, kept);
      const keys = new Set(kept.map(filesKey));
      for (const key of [...memory.files.keys()])
        if (isFilesKeyOf(key, app) && !keys.has(key)) memory.files.delete(key);
      memory.prunedFiles.set(app, pruneKey(kept));
    },

    create: async (action) => {
      const engineId = await engine.create(action.plan);
      memory.apply({ kind: 'created', engineId, action });
    },
    start: async ({ instance }) => {
      await engine.start(instance);
      if (memory.startedHere.has(instance)) memory.noteRestarts(instance, 1, clock.now().monotonicMs);
      memory.startedHere.add(instance);
      // It serves again: a later way out begins with a drain of its own.
      memory.drained.delete(instance);
      memory.apply({ kind: 'started', instance });
    },
    'set-names': async ({ instance, network, address, names }) => {
      await engine.setNames(instance, network, address, names);
      memory.apply({ kind: 'named', instance, address, names });
    },
    'set-restart': async ({ instance, name, maxAttempts }) => {
      await engine.setRestart(instance, { name, maxAttempts });
      memory.apply({ kind: 'restart-set', instance, policy: name });
    },
    drain: async ({ instance, address, graceMs }, signal) => {
      await drain({ ingress, clock, address, graceMs }, signal);
      if (!signal.aborted) memory.drained.add(instance);
    },
    stop: async ({ instance, graceMs }) => {
      await engine.stop(instance, graceMs);
      memory.startedHere.delete(instance);
      memory.apply({ kind: 'stopped', instance });
    },
    remove: async ({ instance }) => {
      await engine.remove(instance);
      memory.apply({ kind: 'removed', instance });
    },

    'configure-ingress': async ({ apps }) => {
      await ingress?.configure(apps);
      if (memory.ingress !== null) memory.ingress = { ...memory.ingress, apps };
    },
    publish: async ({ upstreams }) => {
      await ingress?.publish(upstreams);
      if (memory.ingress !== null) memory.ingress = { ...memory.ingress, upstreams };
    },
    'set-ready': async ({ apps }) => {
      await ingress?.setReady(apps);
      if (memory.ingress !== null) memory.ingress = { ...memory.ingress, ready: apps };
    },
  };
}

/** The intents of all containers of the attempt in one write: their ids are chosen here, before any exists. */
async function begin(tools: ExecutorTools, action: ActionOf<'begin'>): Promise<void> {
  const { memory, clock } = tools;
  const { app, entry } = action;
  const candidates: Record<string, InstanceRecord> = {};
  const omissions: Record<InstanceId, Completion> = {};
  for (const { key, slot, hash, adopt, omitted } of action.candidates) {
    const instance = adopt ?? tools.newInstanceId();
    if (omitted !== null) omissions[instance] = omitted;
    candidates[key] = {
      instance,
      slot,
      hash,
      release: entry.release,
      deployment: entry.deployment,
      attempt: entry.attempt,
    };
  }
  const before = memory.journals.get(app) ?? emptyJournal(app);
  const known = [...Object.values(before.committed?.instances ?? {}), ...Object.values(candidates)];
  const sinceMs = clock.now().monotonicMs;
  await saveJournal(tools, {
    ...before,
    completions: { ...completionsOf(before, known), ...omissions },
    volumes: withoutVolumes(before.volumes, entry.recreateVolumes ?? []),
    subnet: action.subnet,
    addresses: action.addresses,
    recovered: false,
    attempt: {
      entry,
      state: 'running',
      candidates,
      stopped: action.stopped,
      unwell: action.unwell,
      problem: null,
      failedService: null,
      budgetLeftMs: action.budgetMs,
      retries: 0,
    },
  });
  memory.budgetSince.set(app, sinceMs);
  memory.forgetFailuresOf(app);
}

/** Not remembered, a volume that is not there is made. One that is there is found by its labels. */
function withoutVolumes(volumes: AppJournal['volumes'], forgotten: readonly string[]): AppJournal['volumes'] {
  return Object.fromEntries(Object.entries(volumes).filter(([volume]) => !forgotten.includes(volume)));
}

/** A subnet that something else on the machine holds is passed over for good; the next one is journaled and tried. */
async function ensureNetwork(tools: ExecutorTools, action: ActionOf<'ensure-network'>): Promise<void> {
  const { engine, memory } = tools;
  const { app, subnet } = action;
  try {
    memory.apply({ kind: 'network', network: await engine.ensureNetwork(app, subnet) });
  } catch (error) {
    const journal = memory.journals.get(app);
    if (!(error instanceof LongshoreError) || error.code !== 'CONFLICT' || journal === undefined) throw error;
    memory.refusedSubnets.add(subnet);
    const taken = [...memory.journals.values()].flatMap((each) => (each.subnet === null ? [] : [each.subnet]));
    const next = allocateSubnet(tools.subnetPool, [...taken, ...memory.refusedSubnets]);
    await saveJournal(tools, { ...journal, subnet: next });
  }
}
