/** What the loop over one app's deployments needs of others. */
import type { Deployment } from '../../fleet/deployment.ts';
import type { AppName, HostId } from '../../fleet/ids.ts';
import type { LiveHost } from '../ports.ts';
import type { Store } from '../store/store.ts';
import type { HostDirectory } from './host-directory.ts';
import type { Timers } from './timers.ts';

export interface AppRolloutOptions {
  readonly store: Pick<Store, 'unendedDeployments' | 'loadRollout' | 'takeLease' | 'applyRollout'>;
  readonly directory: HostDirectory;
  readonly live: (host: HostId) => LiveHost | null;
  readonly assignmentsChanged: (hosts: readonly HostId[]) => void;
  /** A deployment is another one in the store now. */
  readonly onChanged: (deployment: Deployment) => void;
  /** The app has no deployment under way (any more). */
  readonly onIdle: (app: AppName) => void;
  readonly onFault: (error: unknown) => void;
  readonly owner: string;
  readonly leaseMs: number;
  readonly startedAt: number;
  readonly now: () => number;
  readonly timers: Timers;
}
