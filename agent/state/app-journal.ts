/**
 * What the agent must remember of one app that the engine cannot say: which instances are the committed ones, the
 * newest attempt with its verdict, the last good entries whole, and the addresses given out. Data and the pure steps
 * between its states; `journal-files.ts` puts it on the disk before the effect that it announces.
 *
 *   attempt: running -> passed | failed         (both final; a new attempt comes only with a new number)
 */
import type { Problem } from '../../fleet/errors.ts';
import type { AppName, DeploymentId, InstanceId, SpecHash } from '../../fleet/ids.ts';
import type { RunEntry } from '../../fleet/assignment.ts';

export interface AppJournal {
  readonly app: AppName;
  /** Of the app's network; null until one was chosen. */
  readonly subnet: string | null;
  /** Base index of the two addresses of each `service/replica`. */
  readonly addresses: Readonly<Record<string, number>>;
  readonly committed: Committed | null;
  /** The last good entry before the committed one: its images stay, so that going back needs no registry. */
  readonly previous: RunEntry | null;
  readonly attempt: AttemptRecord | null;
  /** Instances of one-shot services that need not run again, though their containers may have been pruned. */
  readonly completions: Readonly<Record<InstanceId, Completion>>;
  /** Pinned digest -> the engine's image id, of the committed entry and the previous one. */
  readonly images: Readonly<Record<string, string>>;
  /**
   * The engine's names of the volumes that the committed instances were seen with, by volume of the app: that there was
   * one, and which. Anonymous volumes that were taken over have no labels to be found by.
   */
  readonly volumes: Readonly<Record<string, string>>;
  /** Rebuilt from the engine after its loss: nothing is removed until the coordinator has spoken. */
  readonly recovered: boolean;
}

/**
 * Why a one-shot need not run here: it ended with exit code 0, it was left out on the way back to an older release, or
 * it runs once for the deployment, before the first wave.
 */
export type Completion = 'completed' | 'left-out' | 'once';

/** What serves. */
export interface Committed {
  readonly release: number;
  /** Null only where the journal was lost and the instances were recognised by their restart policy. */
  readonly entry: RunEntry | null;
  /** By `service/replica`. */
  readonly instances: Readonly<Record<string, InstanceRecord>>;
}

/** One intended container; it may not exist yet. */
export interface InstanceRecord {
  readonly instance: InstanceId;
  readonly slot: 0 | 1;
  readonly hash: SpecHash;
  readonly release: number;
  readonly deployment: DeploymentId;
  readonly attempt: number;
}

export interface AttemptRecord {
  readonly entry: RunEntry;
  readonly state: 'running' | 'passed' | 'failed';
  /** New containers only, by `service/replica`; an unchanged instance is not here. */
  readonly candidates: Readonly<Record<string, InstanceRecord>>;
  /** Committed instances that this attempt stopped (stop-first); started again as the same containers if it fails. */
  readonly stopped: readonly InstanceId[];
  /** Committed instances that were not well when the attempt began: what was so before does not speak against it. */
  readonly unwell: readonly InstanceId[];
  readonly problem: Problem | null;
  readonly failedService: string | null;
  /** Of the progress deadline; stored as what remains, because no clock survives a reboot. */
  readonly budgetLeftMs: number;
  readonly retries: number;
}

export const instanceKey = (service: string, replica: number): string => `${service}/${replica}`;

export function serviceOfKey(key: string): string {
  return key.slice(0, key.lastIndexOf('/'));
}

export function replicaOfKey(key: string): number {
  return Number(key.slice(key.lastIndexOf('/') + 1));
}

export function emptyJournal(app: AppName): AppJournal {
  return {
    app,
    subnet: null,
    addresses: {},
    committed: null,
    previous: null,
    attempt: null,
    completions: {},
    images: {},
    volumes: {},
    recovered: false,
  };
}

/** Keys of all instances that the entry wants on this host. */
export function keysOf(entry: RunEntry): readonly string[] {
  const services = Object.keys(entry.spec.services);
  const wanted = entry.onlyOnce === true ? services.filter((service) => entry.once?.includes(service)) : services;
  return wanted.flatMap((service) =>
    Array.from({ length: entry.replicas[service] ?? 0 }, (_, index) => instanceKey(service, index + 1)),
  );
}

/** The instances that serve once the attempt has passed: its candidates and what it left alone. */
export function goalInstances(journal: AppJournal, attempt: AttemptRecord): Readonly<Record<string, InstanceRecord>> {
  const goal: Record<string, InstanceRecord> = {};
  for (const key of keysOf(attempt.entry)) {
    const record = attempt.candidates[key] ?? journal.committed?.instances[key];
    if (record !== undefined) goal[key] = record;
  }
  return goal;
}

/**
 * Committed instances that the attempt under way has stopped and replaces or drops. One that an earlier attempt stopped and
 * this one keeps is none of them: it has to run again.
 */
export function leavingInstances(journal: AppJournal): ReadonlySet<InstanceId> {
  const { attempt } = journal;
  if (attempt?.state !== 'running') return new Set();
  const staying = stayingInstances(journal, attempt);
  return new Set(attempt.stopped.filter((instance) => !staying.has(instance)));
}

/** Committed instances that the attempt leaves alone; one that runs one-shots only leaves all of them. */
export function stayingInstances(journal: AppJournal, attempt: AttemptRecord): ReadonlySet<InstanceId> {
  const committed = journal.committed?.instances ?? {};
  const staying = attempt.entry.onlyOnce === true ? committed : goalInstances(journal, attempt);
  return new Set(Object.values(staying).map((record) => record.instance));
}

/** The gate was passed: the candidates are the good generation from here on. */
export function committedJournal(journal: AppJournal, images: Readonly<Record<string, string>>): AppJournal {
  const attempt = journal.attempt;
  if (attempt?.state !== 'running') return journal;
  // It brought nothing that serves; its containers stay for their output until the next attempt begins.
  if (attempt.entry.onlyOnce === true) return { ...journal, attempt: { ...attempt, state: 'passed' } };
  const instances = goalInstances(journal, attempt);
  const before = journal.committed?.entry ?? null;
  const isOther =
    before !== null && (before.release !== attempt.entry.release || !sameInstances(before, attempt.entry));
  const previous = isOther ? before : journal.previous;
  return {
    ...journal,
    committed: { release: attempt.entry.release, entry: attempt.entry, instances },
    previous,
    attempt: { ...attempt, state: 'passed', candidates: {}, stopped: [] },
    addresses: Object.fromEntries(Object.entries(journal.addresses).filter(([key]) => key in instances)),
    completions: completionsOf(journal, Object.values(instances)),
    images: imagesOfEntries({ ...journal.images, ...images }, [attempt.entry, previous]),
  };
}

/** Images of releases that are neither served nor gone back to would pile up, one with each deployment. */
function imagesOfEntries(
  images: Readonly<Record<string, string>>,
  entries: readonly (RunEntry | null)[],
): Readonly<Record<string, string>> {
  const digests = new Set<string | null>(
    entries.flatMap((entry) => Object.values(entry?.spec.services ?? {}).map(({ image }) => image.digest)),
  );
  return Object.fromEntries(Object.entries(images).filter(([digest]) => digests.has(digest)));
}

export function withCompletions(journal: AppJournal, instances: readonly InstanceId[]): AppJournal {
  const noted = Object.fromEntries(instances.map((instance) => [instance, 'completed' as const]));
  return { ...journal, completions: { ...journal.completions, ...noted } };
}

/** Those of the given instances; a completion is forgotten with its instance. */
export function completionsOf(
  journal: AppJournal,
  records: readonly InstanceRecord[],
): Readonly<Record<InstanceId, Completion>> {
  const kept = new Set<string>(records.map((record) => record.instance));
  return Object.fromEntries(Object.entries(journal.completions).filter(([instance]) => kept.has(instance)));
}

export function failedJournal(journal: AppJournal, problem: Problem, failedService: string | null): AppJournal {
  const attempt = journal.attempt;
  if (attempt?.state !== 'running') return journal;
  return { ...journal, attempt: { ...attempt, state: 'failed', candidates: {}, problem, failedService } };
}

/** Nothing of the app is left on this host but data: the journal only knows which volumes are its own. */
export function isOnlyVolumes(journal: AppJournal): boolean {
  const { committed, previous, attempt, subnet, volumes } = journal;
  const isBare = committed === null && previous === null && attempt === null && subnet === null;
  return isBare && Object.keys(volumes).length > 0;
}

export function sameAttempt(a: RunEntry, b: RunEntry): boolean {
  return a.deployment === b.deployment && a.release === b.release && a.attempt === b.attempt;
}

/** They want the same instances, though perhaps under another number. */
export function sameInstances(a: RunEntry, b: RunEntry): boolean {
  const [ours, theirs] = [keysOf(a), keysOf(b)];
  if (ours.length !== theirs.length) return false;
  return ours.every((key) => {
    const service = serviceOfKey(key);
    return theirs.includes(key) && a.hashes[service] === b.hashes[service];
  });
}
