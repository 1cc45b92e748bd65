/** What the hub needs of others, and whom it tells. */
import type { AppName, HostId } from '../../fleet/ids.ts';
import type { AgentMessage } from '../../protocol/agent-messages.ts';
import type { SealedPort } from '../ports.ts';
import type { RestoreStore } from '../store/restore-store.ts';
import type { EventStore, HostStore, TargetStore } from '../store/store.ts';
import type { AgentDoor } from './agent-socket.ts';
import type { HubLog } from './hub-log.ts';

/** Who wants to know. Calls come after the hub's own memory has changed; they must not throw. */
export interface HubObserver {
  /** Reports of these apps on the host are other ones. */
  reported(host: HostId, apps: readonly AppName[]): void;
  /** Its newest assignment was refused, which asked something of these apps. */
  refused(host: HostId, apps: readonly AppName[]): void;
  /** What is wrong with the host itself is another thing. */
  problemsChanged(host: HostId): void;
  connectionChanged(host: HostId, connected: boolean): void;
  /** Metrics, status or acks only: something for those who look at the host. */
  touched(host: HostId): void;
  /** Labels, platform or availability of a host are new. */
  placementChanged(): void;
  /** An agent's clock says that an app is due. */
  due(host: HostId, app: AppName, scheduledAt: number): void;
}

export interface HubMetrics {
  frame(direction: 'in' | 'out', kind: string): void;
  refused(code: string): void;
  /** An event of a host was not written, because it sends too many. */
  eventDropped(): void;
}

export interface HubOptions {
  readonly store: Pick<HostStore, 'host' | 'openSession' | 'closeSession' | 'touchHosts' | 'powerOff'> &
    Pick<TargetStore, 'assignments' | 'recordAcks' | 'removalsDone'> &
    Pick<RestoreStore, 'restoreFound'> &
    Pick<EventStore, 'appendEvents'>;
  readonly sealed: SealedPort;
  /** Takes secret values out of what an agent says, before it is kept. */
  readonly mask?: <M extends AgentMessage>(message: M) => M;
  readonly observer: HubObserver;
  readonly metrics: HubMetrics;
  /** Slows down who comes again and again with nothing that proves who it is. */
  readonly door: AgentDoor & { turnedAway(address: string): void };
  readonly log: HubLog;
  readonly coordinator: string;
  readonly version: string;
  /** Own addresses in the spelling of `audienceOf`. */
  readonly audiences: readonly [string, ...string[]];
  /** Hosts enrolled when it starts: the heartbeats of those that come back at once are bounded, too. */
  readonly enrolledHosts: number;
  readonly now: () => number;
  readonly random: () => number;
  /** Unguessable, at least 16 characters. */
  readonly makeNonce: () => string;
}
