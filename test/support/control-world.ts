/** The use cases over a real store, with hub, rollouts and registry that a test scripts. */
import { randomBytes } from 'node:crypto';
import type { Actor, Change, Commands } from '../../coordinator/commands.ts';
import { Changes } from '../../coordinator/changes.ts';
import { createCommands } from '../../coordinator/control/create-commands.ts';
import { createViews } from '../../coordinator/control/create-views.ts';
import { AdoptionRequests } from '../../coordinator/identity/adoption-requests.ts';
import { imageChecks } from '../../coordinator/control/image-checks.ts';
import type { HubPort, ImageChecks, LiveHost, RolloutsPort } from '../../coordinator/ports.ts';
import type { ImageFacts } from '../../coordinator/registry/image-facts.ts';
import { AppMasks } from '../../coordinator/secrets/app-masks.ts';
import { makeVault } from '../../coordinator/secrets/vault.ts';
import type { Vault } from '../../coordinator/secrets/vault.ts';
import type { Store } from '../../coordinator/store/store.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { Digest, HostId } from '../../fleet/ids.ts';
import { storeKinds } from './stores.ts';
import { noInstaller } from './no-installer.ts';

export const ADA: Actor = { tokenId: 't-ada', name: 'ada', role: 'admin' };
export const AUDIENCE = 'wss://longshore.test';

export interface ControlWorld {
  readonly store: Store;
  readonly commands: Commands;
  readonly checks: ImageChecks;
  readonly vault: Vault;
  readonly masks: AppMasks;
  /** Digest by reference; a reference that is missing is not found. */
  readonly registry: Map<string, Digest>;
  /** By reference: what can be read of the image; one that is missing cannot be read. */
  readonly facts: Map<string, ImageFacts>;
  readonly asked: string[];
  readonly live: Map<HostId, LiveHost>;
  /** Calls of hub and rollouts, in order: `enqueued web`. */
  readonly calls: string[];
  readonly changes: Change[];
  now: number;
  dispose(): Promise<void>;
}

export async function controlWorld(logs: HubPort['logs'] = () => Promise.resolve()): Promise<ControlWorld> {
  const [kind] = storeKinds;
  if (kind === undefined) throw new Error('there is no store');
  const { store, dispose } = await kind.open();
  const registry = new Map<string, Digest>();
  const facts = new Map<string, ImageFacts>();
  const asked: string[] = [];
  const live = new Map<HostId, LiveHost>();
  const calls: string[] = [];
  const seen: Change[] = [];
  const say = (...words: readonly unknown[]): void => void calls.push(words.map(String).join(' '));
  const unused = (): never => {
    throw new Error('not part of this test');
  };
  const hub: HubPort = {
    live: (host) => live.get(host) ?? null,
    connectedHosts: () => [...live].filter(([, host]) => host.connected).map(([id]) => id),
    assignmentsChanged: (hosts) => say('assignmentsChanged', ...hosts),
    secretsChanged: (hosts) => say('secretsChanged', ...hosts),
    hostRemoved: (host) => say('hostRemoved', host),
    resolve: unused,
    logs,
    exec: () => Promise.resolve({ exit: Promise.resolve(0), write: unused, end: unused, resize: unused }),
  };
  const rollouts: RolloutsPort = {
    enqueued: (app) => say('enqueued', app),
    appRemoved: (app) => say('appRemoved', app),
    pause: unused,
    resume: unused,
    cancel: unused,
    fleetChanged: () => say('fleetChanged'),
    reload: () => say('reload'),
  };
  const changes = new Changes((error) => {
    throw error;
  });
  changes.subscribe((change) => seen.push(change), new AbortController().signal);
  const adoptions = new AdoptionRequests(() => 0);
  const views = createViews({ store, hub, adoptions });
  const vault = makeVault(randomBytes(32), randomBytes);
  const masks = new AppMasks({ store, vault });
  const world = { now: 1_000 };
  const images = {
    facts: async (reference: string): Promise<ImageFacts> => facts.get(reference) ?? { volumes: null, platforms: null },
    resolve: async (reference: string): Promise<Digest> => {
      asked.push(reference);
      const digest = registry.get(reference);
      if (digest === undefined) throw new LongshoreError('IMAGE_NOT_FOUND', `resolve ${reference}: not found`);
      return digest;
    },
  };
  const options = {
    store,
    hub,
    rollouts,
    changes,
    views,
    images,
    vault,
    masks,
    explain: unused,
    audiences: [AUDIENCE],
    identities: null,
    adoptions,
    keepReleases: 20,
    now: () => world.now,
    randomBytes,
    checks: [],
    installer: noInstaller(),
    findings: () => [],
  };
  const checks = imageChecks(options);
  return Object.assign(world, {
    store,
    commands: createCommands(options, checks),
    checks,
    vault,
    masks,
    registry,
    facts,
    asked,
    live,
    calls,
    changes: seen,
    dispose,
  });
}
