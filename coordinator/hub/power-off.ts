/**
 * A machine that powers off: its host drains, so that what can be elsewhere goes there, and is active again by itself
 * after the next boot. The agent hears when that is in the store; the machine goes off whether it heard or not.
 */
import type { HostStore } from '../store/store.ts';
import type { AgentConnection, OpenSession } from './agent-connection.ts';
import type { HubObserver } from './hub-options.ts';

export interface PowerOffOptions {
  readonly store: Pick<HostStore, 'powerOff'>;
  readonly now: () => number;
  readonly onFault: (error: unknown) => void;
  readonly observer: Pick<HubObserver, 'placementChanged' | 'touched'>;
}

export async function notePowerOff(
  connection: AgentConnection,
  session: OpenSession,
  { store, now, onFault, observer }: PowerOffOptions,
): Promise<void> {
  const { host, name, boot } = session;
  try {
    const drains = await store.powerOff({
      id: host,
      // An agent that does not say its boot is back with its next session.
      boot: boot ?? '',
      events: [
        {
          at: now(),
          kind: 'host.draining',
          app: null,
          host,
          deployment: null,
          cause: { kind: 'host', host: name, detail: 'power-off' },
          text: `Host ${name} is drained: its machine powers off`,
        },
      ],
    });
    connection.send({ kind: 'power-off-noted' });
    if (!drains) return;
    observer.placementChanged();
    observer.touched(host);
  } catch (error) {
    onFault(error);
  }
}
