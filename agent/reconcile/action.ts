/**
 * Everything the agent can do next, as one map from kind to arguments. The union, the executors' table, the fault points
 * and the sentences for people derive from it: an action without executor does not compile.
 *
 * Actions on one object exclude each other (`objectOf`); all are idempotent, because after a crash they are planned again.
 */
import type { VolumeSpec } from '../../fleet/app-spec.ts';
import type { RunEntry } from '../../fleet/assignment.ts';
import type { Problem } from '../../fleet/errors.ts';
import type { AppName, InstanceId, SpecHash } from '../../fleet/ids.ts';
import type { HeldImage, InstancePlan, NetworkNames, PullRequest } from '../engine/container-engine.ts';
import type { IngressApp, Upstreams } from '../ingress/ingress.ts';
import type { Committed, Completion } from '../state/app-journal.ts';

/** A container that an attempt is going to make; its id is chosen when the intent is journaled. */
export interface PlannedCandidate {
  readonly key: string;
  readonly slot: 0 | 1;
  readonly hash: SpecHash;
  /** A container of this very attempt that is there already, although the journal does not know it. */
  readonly adopt: InstanceId | null;
  /** Why a one-shot is not run: its record counts as completed and no container is made. Null = it is run. */
  readonly omitted: Exclude<Completion, 'completed'> | null;
}

export interface ActionArguments {
  // journal: intents and verdicts
  readonly begin: {
    readonly app: AppName;
    readonly entry: RunEntry;
    readonly candidates: readonly PlannedCandidate[];
    readonly subnet: string | null;
    readonly addresses: Readonly<Record<string, number>>;
    readonly stopped: readonly InstanceId[];
    readonly unwell: readonly InstanceId[];
    readonly budgetMs: number;
  };
  readonly recognise: {
    readonly app: AppName;
    readonly committed: Committed | null;
    readonly subnet: string | null;
    readonly addresses: Readonly<Record<string, number>>;
  };
  readonly 'save-budget': { readonly app: AppName; readonly budgetLeftMs: number; readonly retries: number };
  readonly 'note-stop': {
    readonly app: AppName;
    readonly instances: readonly InstanceId[];
    /** How long they may take to stop; the attempt gets it on top of its budget. */
    readonly graceMs: number;
  };
  readonly 'forget-stop': { readonly app: AppName };
  /** Another pair of addresses for one replica: somebody else's container holds what it had. */
  readonly 'move-address': { readonly app: AppName; readonly key: string; readonly index: number };
  readonly 'note-completed': { readonly app: AppName; readonly instances: readonly InstanceId[] };
  readonly commit: { readonly app: AppName; readonly images: Readonly<Record<string, string>> };
  readonly 'mark-failed': {
    readonly app: AppName;
    readonly problem: Problem;
    readonly failedService: string | null;
    /** Its last output goes into the message. */
    readonly instance: InstanceId | null;
  };
  /** Writes what memory holds already and the disk did not take. */
  readonly 'save-journal': { readonly app: AppName };
  readonly 'note-volumes': { readonly app: AppName; readonly volumes: Readonly<Record<string, string>> };
  /** @param volumes what is kept of the app's data and could not be found again by labels */
  readonly forget: { readonly app: AppName; readonly volumes: Readonly<Record<string, string>> };
  // what an instance needs
  readonly pull: { readonly app: AppName; readonly request: PullRequest };
  readonly 'hold-image': {
    readonly app: AppName;
    readonly service: string;
    readonly release: number;
    readonly imageId: string;
  };
  readonly 'release-image': { readonly app: AppName; readonly held: HeldImage };
  readonly 'ensure-network': { readonly app: AppName; readonly subnet: string };
  readonly 'remove-network': { readonly app: AppName };
  readonly 'ensure-volume': { readonly app: AppName; readonly volume: string; readonly spec: VolumeSpec };
  readonly 'remove-volume': { readonly app: AppName; readonly volume: string; readonly name: string | null };
  readonly 'write-files': { readonly app: AppName; readonly entry: RunEntry };
  readonly 'prune-files': { readonly app: AppName; readonly kept: readonly RunEntry[] };
  // the instance
  readonly create: { readonly app: AppName; readonly plan: InstancePlan; readonly hasHealthcheck: boolean };
  readonly start: {
    readonly app: AppName;
    readonly service: string;
    readonly replica: number;
    readonly instance: InstanceId;
  };
  readonly 'set-names': {
    readonly app: AppName;
    readonly service: string;
    readonly instance: InstanceId;
    readonly network: string;
    readonly address: string;
    readonly names: NetworkNames;
  };
  readonly 'set-restart': {
    readonly app: AppName;
    readonly service: string;
    readonly instance: InstanceId;
    readonly name: string;
    readonly maxAttempts: number;
  };
  readonly drain: {
    readonly app: AppName;
    readonly service: string;
    readonly instance: InstanceId;
    readonly address: string;
    readonly graceMs: number;
  };
  readonly stop: {
    readonly app: AppName;
    readonly service: string;
    readonly instance: InstanceId;
    readonly graceMs: number;
  };
  readonly remove: { readonly app: AppName; readonly service: string; readonly instance: InstanceId };
  // the host's ingress, for all apps at once
  readonly 'configure-ingress': { readonly apps: readonly IngressApp[] };
  readonly publish: { readonly upstreams: Upstreams };
  readonly 'set-ready': { readonly apps: readonly AppName[] };
}

export type ActionKind = keyof ActionArguments;
export type ActionOf<K extends ActionKind> = { [P in K]: { readonly kind: P } & ActionArguments[P] }[K];
export type Action = ActionOf<ActionKind>;

interface ActionTraits<K extends ActionKind> {
  /** One line for people. */
  readonly describe: (action: ActionArguments[K]) => string;
  /** Two actions on one object never run at the same time. */
  readonly object: (action: ActionArguments[K]) => string;
  /** It is stopped as soon as the newest plan no longer wants it. */
  readonly abortable: boolean;
}

const journal = (action: { readonly app: AppName }): string => `journal:${action.app}`;
const instance = (action: { readonly instance: InstanceId }): string => `instance:${action.instance}`;

const TRAITS: { readonly [K in ActionKind]: ActionTraits<K> } = {
  begin: {
    describe: (a) => `begin ${a.app} release ${a.entry.release} attempt ${a.entry.attempt}`,
    object: journal,
    abortable: false,
  },
  recognise: { describe: (a) => `recognise the instances of ${a.app}`, object: journal, abortable: false },
  'save-budget': { describe: (a) => `note the time left for ${a.app}`, object: journal, abortable: false },
  'note-stop': {
    describe: (a) => `note that ${a.instances.join(', ')} of ${a.app} stop`,
    object: journal,
    abortable: false,
  },
  'note-completed': {
    describe: (a) => `note that ${a.instances.join(', ')} of ${a.app} completed`,
    object: journal,
    abortable: false,
  },
  'forget-stop': { describe: (a) => `note that ${a.app} runs again`, object: journal, abortable: false },
  'move-address': {
    describe: (a) => `choose another address for ${a.app}/${a.key}`,
    object: journal,
    abortable: false,
  },
  commit: { describe: (a) => `commit ${a.app}`, object: journal, abortable: false },
  'mark-failed': {
    describe: (a) => `give up the attempt of ${a.app}: ${a.problem.message}`,
    object: journal,
    abortable: false,
  },
  'save-journal': { describe: (a) => `write the journal of ${a.app}`, object: journal, abortable: false },
  'note-volumes': { describe: (a) => `note the volumes of ${a.app}`, object: journal, abortable: false },
  forget: { describe: (a) => `forget ${a.app}`, object: journal, abortable: false },
  pull: {
    describe: (a) => `pull ${a.request.reference}`,
    object: (a) => `image:${imageKey(a.request)}`,
    abortable: true,
  },
  'hold-image': {
    describe: (a) => `hold the image of ${a.app}/${a.service} release ${a.release}`,
    object: (a) => `hold:${a.app}/${a.service}:${a.release}`,
    abortable: false,
  },
  'release-image': {
    describe: (a) => `let go the image of ${a.app}/${a.held.service} release ${a.held.release}`,
    object: (a) => `hold:${a.app}/${a.held.service}:${a.held.release}`,
    abortable: false,
  },
  'ensure-network': {
    describe: (a) => `make the network of ${a.app}`,
    object: (a) => `network:${a.app}`,
    abortable: false,
  },
  'remove-network': {
    describe: (a) => `remove the network of ${a.app}`,
    object: (a) => `network:${a.app}`,
    abortable: false,
  },
  'ensure-volume': {
    describe: (a) => `make volume ${a.volume} of ${a.app}`,
    object: (a) => `volume:${a.app}/${a.volume}`,
    abortable: false,
  },
  'remove-volume': {
    describe: (a) => `remove volume ${a.volume} of ${a.app}`,
    object: (a) => `volume:${a.app}/${a.volume}`,
    abortable: false,
  },
  'write-files': {
    describe: (a) => `write secrets and configs of ${a.app}`,
    object: (a) => `files:${a.app}`,
    abortable: false,
  },
  'prune-files': {
    describe: (a) => `remove old secrets and configs of ${a.app}`,
    object: (a) => `files:${a.app}`,
    abortable: false,
  },
  create: {
    describe: (a) => `create ${a.app}/${a.plan.service.name}/${a.plan.replica} (${a.plan.instance})`,
    object: (a) => `instance:${a.plan.instance}`,
    abortable: false,
  },
  start: { describe: (a) => `start ${a.app}/${a.service} (${a.instance})`, object: instance, abortable: false },
  'set-names': {
    describe: (a) =>
      `name ${a.app}/${a.service} (${a.instance}) ${a.names.aliases.length === 0 ? 'no more' : a.names.aliases.join(', ')}`,
    object: instance,
    abortable: false,
  },
  'set-restart': {
    describe: (a) => `set restart policy ${a.name} on ${a.app}/${a.service} (${a.instance})`,
    object: instance,
    abortable: false,
  },
  drain: { describe: (a) => `drain ${a.app}/${a.service} (${a.instance})`, object: instance, abortable: true },
  stop: { describe: (a) => `stop ${a.app}/${a.service} (${a.instance})`, object: instance, abortable: false },
  remove: { describe: (a) => `remove ${a.app}/${a.service} (${a.instance})`, object: instance, abortable: false },
  'configure-ingress': {
    describe: (a) => `configure the ingress for ${a.apps.map((app) => app.app).join(', ') || 'nothing'}`,
    object: () => 'ingress:configuration',
    abortable: false,
  },
  publish: {
    describe: (a) => `move traffic of ${Object.keys(a.upstreams).join(', ') || 'nothing'}`,
    object: () => 'ingress:upstreams',
    abortable: false,
  },
  'set-ready': {
    describe: (a) => `answer ready for ${a.apps.join(', ') || 'nothing'}`,
    object: () => 'ingress:ready',
    abortable: false,
  },
};

export const ACTION_KINDS = Object.keys(TRAITS) as readonly ActionKind[];

/** The one place where a kind meets its traits; the cast says what the mapped type already guarantees. */
function traitsOf<K extends ActionKind>(action: ActionOf<K>): ActionTraits<K> {
  return TRAITS[action.kind];
}

export function describe<K extends ActionKind>(action: ActionOf<K>): string {
  return traitsOf(action).describe(action);
}

export function objectOf<K extends ActionKind>(action: ActionOf<K>): string {
  return traitsOf(action).object(action);
}

export function isAbortable(action: Action): boolean {
  return TRAITS[action.kind].abortable;
}

/** An image as this host wants it: the same digest may name several platforms. */
export function imageKey(request: Pick<PullRequest, 'digest' | 'platform'>): string {
  return request.platform === null ? request.digest : `${request.digest}/${request.platform}`;
}

/** Executors, one for each kind: the table derives from the map above. */
export type Executors = { readonly [K in ActionKind]: (action: ActionOf<K>, signal: AbortSignal) => Promise<void> };

export function execute<K extends ActionKind>(
  executors: Executors,
  action: ActionOf<K>,
  signal: AbortSignal,
): Promise<void> {
  return executors[action.kind](action, signal);
}
