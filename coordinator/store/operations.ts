/**
 * The use cases of the store by name, each with whether it writes. One table serves the SQLite worker and whatever
 * other database follows; the compiler holds it complete.
 */
import type { RestoreStore } from './restore-store.ts';
import type { RetentionStore } from './retention-store.ts';
import type {
  EventStore,
  HostStore,
  ReleaseStore,
  RequestStore,
  RolloutStore,
  SecretStore,
  TargetStore,
  TokenStore,
} from './store.ts';
import { createDeployment } from './sql/create-deployment.ts';
import * as deployments from './sql/deployments.ts';
import * as enroll from './sql/enroll.ts';
import { enrollInstance } from './sql/enroll-instance.ts';
import * as events from './sql/events.ts';
import { applyFleet } from './sql/fleet-targets.ts';
import { registriesForHost } from './sql/host-registries.ts';
import * as hosts from './sql/hosts.ts';
import { pruneDeployments } from './sql/prune-deployments.ts';
import { pruneEvents } from './sql/prune-events.ts';
import * as releases from './sql/releases.ts';
import { loadPlaces } from './sql/places.ts';
import { removeApp } from './sql/remove-app.ts';
import * as requests from './sql/requests.ts';
import * as restores from './sql/restores.ts';
import * as rollouts from './sql/rollouts.ts';
import { conflictingRoutes } from './sql/routed-apps.ts';
import * as secrets from './sql/secrets.ts';
import { releaseBefore } from './sql/served-releases.ts';
import * as steps from './sql/steps.ts';
import * as targets from './sql/targets.ts';
import * as tokens from './sql/tokens.ts';
import type { Transaction } from './sql/transaction.ts';

export type UseCases = HostStore &
  TargetStore &
  ReleaseStore &
  RolloutStore &
  RestoreStore &
  SecretStore &
  TokenStore &
  RequestStore &
  RetentionStore &
  EventStore;
export type UseCase = keyof UseCases;
export type ArgsOf<K extends UseCase> = Parameters<UseCases[K]> extends [infer A] ? A : undefined;
export type AnswerOf<K extends UseCase> = Awaited<ReturnType<UseCases[K]>>;

export interface Operation<K extends UseCase> {
  readonly writes: boolean;
  readonly run: (transaction: Transaction, args: ArgsOf<K>) => Promise<AnswerOf<K>>;
}

export type Operations = { readonly [K in UseCase]: Operation<K> };

export const OPERATIONS: Operations = {
  enrollHost: { writes: true, run: enroll.enrollHost },
  enrollInstance: { writes: true, run: enrollInstance },
  host: { writes: false, run: hosts.host },
  findHost: { writes: false, run: hosts.findHost },
  listHosts: { writes: false, run: hosts.listHosts },
  hostNames: { writes: false, run: hosts.hostNames },
  allHosts: { writes: false, run: hosts.allHosts },
  patchHost: { writes: true, run: hosts.patchHost },
  setPoolLabels: { writes: true, run: hosts.setPoolLabels },
  powerOff: { writes: true, run: hosts.powerOff },
  removeHost: { writes: true, run: hosts.removeHost },
  openSession: { writes: true, run: hosts.openSession },
  closeSession: { writes: true, run: hosts.closeSession },
  touchHosts: { writes: true, run: hosts.touchHosts },

  targetsOfHosts: { writes: false, run: targets.targetsOfHosts },
  targetsOfApp: { writes: false, run: targets.targetsOfApp },
  assignments: { writes: true, run: targets.assignments },
  recordAcks: { writes: true, run: targets.recordAcks },
  removalsDone: { writes: true, run: targets.removalsDone },
  applyFleet: { writes: true, run: applyFleet },

  restoreFound: { writes: true, run: restores.restoreFound },
  pendingRestore: { writes: false, run: restores.pendingRestore },
  confirmRestore: { writes: true, run: restores.confirmRestore },

  app: { writes: false, run: releases.app },
  conflictingRoutes: { writes: false, run: conflictingRoutes },
  listApps: { writes: false, run: releases.listApps },
  currentReleases: { writes: false, run: releases.currentReleases },
  release: { writes: false, run: releases.release },
  releases: { writes: false, run: releases.releases },
  requiringAll: { writes: false, run: releases.requiringAll },
  listReleases: { writes: false, run: releases.listReleases },
  releaseBefore: { writes: false, run: releaseBefore },
  removeApp: { writes: true, run: removeApp },
  quarantine: { writes: false, run: releases.quarantine },
  releaseQuarantine: { writes: true, run: releases.releaseQuarantine },

  createDeployment: { writes: true, run: createDeployment },
  deployment: { writes: false, run: deployments.deployment },
  listDeployments: { writes: false, run: deployments.listDeployments },
  latestDeployments: { writes: false, run: deployments.latestDeployments },
  countUnended: { writes: false, run: deployments.countUnended },
  unendedDeployments: { writes: false, run: deployments.unendedDeployments },
  listSteps: { writes: false, run: steps.listSteps },
  notableSteps: { writes: false, run: steps.notableSteps },
  stepsOfHost: { writes: false, run: steps.stepsOfHost },
  loadRollout: { writes: false, run: deployments.loadRollout },
  loadPlaces: { writes: false, run: loadPlaces },
  takeLease: { writes: true, run: rollouts.takeLease },
  renewLeases: { writes: true, run: rollouts.renewLeases },
  applyRollout: { writes: true, run: rollouts.applyRollout },

  listSecrets: { writes: false, run: secrets.listSecrets },
  secretVersions: { writes: false, run: secrets.secretVersions },
  lastSecretVersion: { writes: false, run: secrets.lastSecretVersion },
  putSecret: { writes: true, run: secrets.putSecret },
  removeSecret: { writes: true, run: secrets.removeSecret },
  secretsForHost: { writes: false, run: secrets.secretsForHost },
  secretsOfApp: { writes: false, run: secrets.secretsOfApp },
  listRegistries: { writes: false, run: secrets.listRegistries },
  registries: { writes: false, run: secrets.registries },
  registriesForHost: { writes: false, run: registriesForHost },
  putRegistry: { writes: true, run: secrets.putRegistry },
  removeRegistry: { writes: true, run: secrets.removeRegistry },
  keyCheck: { writes: true, run: secrets.keyCheck },
  replaceKeyCheck: { writes: true, run: secrets.replaceKeyCheck },

  tokenByHash: { writes: false, run: tokens.tokenByHash },
  listTokens: { writes: false, run: tokens.listTokens },
  token: { writes: false, run: tokens.token },
  insertToken: { writes: true, run: tokens.insertToken },
  hasToken: { writes: false, run: tokens.hasToken },
  revokeToken: { writes: true, run: tokens.revokeToken },
  touchTokens: { writes: true, run: tokens.touchTokens },
  listEnrollTokens: { writes: false, run: enroll.listEnrollTokens },
  insertEnrollToken: { writes: true, run: enroll.insertEnrollToken },
  revokeEnrollToken: { writes: true, run: enroll.revokeEnrollToken },

  beginRequest: { writes: true, run: requests.beginRequest },
  answerRequest: { writes: true, run: requests.answerRequest },
  forgetRequest: { writes: true, run: requests.forgetRequest },

  appendEvents: { writes: true, run: events.appendEvents },
  listEvents: { writes: false, run: events.listEvents },
  verifyEvents: { writes: false, run: events.verifyEvents },

  pruneEvents: { writes: true, run: pruneEvents },
  pruneDeployments: { writes: true, run: pruneDeployments },
};

export const isUseCase = (name: string): name is UseCase => Object.hasOwn(OPERATIONS, name);
