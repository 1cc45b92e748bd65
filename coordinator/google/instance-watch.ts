/**
 * Removes hosts whose instance was deleted, with an event. Each turn asks the zones in which the hosts' instances are.
 * An instance that is stopped is still listed and its host stays.
 */
import type { FleetManifest } from '../../fleet/fleet-manifest.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { DoctorFinding } from '../control/control-options.ts';
import type { HostRow, NewEvent } from '../store/records.ts';
import type { HostStore } from '../store/store.ts';
import { goneInstances, type Absences } from './gone-instances.ts';
import type { GoogleApi } from './google-api.ts';
import { listInstances, type InstanceList } from './instance-list.ts';

export interface InstanceWatchOptions {
  readonly api: Pick<GoogleApi, 'call'>;
  readonly store: Pick<HostStore, 'allHosts' | 'removeHost'>;
  readonly now: () => number;
}

export class InstanceWatch {
  readonly #options: InstanceWatchOptions;
  #absences: Absences = new Map();
  #incomplete: readonly string[] = [];

  constructor(options: InstanceWatchOptions) {
    this.#options = options;
  }

  /** @param onRemoved it is out of the store: whoever holds something of it lets it go */
  async look(
    manifest: Pick<FleetManifest, 'project' | 'projectNumber'>,
    onRemoved: (host: HostId) => void,
  ): Promise<void> {
    const { api, store } = this.#options;
    const hosts = (await store.allHosts()).filter((row) => row.instance?.projectNumber === manifest.projectNumber);
    const zones = [...new Set(hosts.flatMap((row) => row.instance?.zone ?? []))].sort();
    const lists = new Map<string, InstanceList>();
    for (const zone of zones) lists.set(zone, await listInstances(api, manifest.project, zone));
    this.#incomplete = [...lists.values()].flatMap((list) => (list.kind === 'incomplete' ? [list.reason] : []));
    const { gone, absences } = goneInstances({ hosts, lists, absences: this.#absences });
    this.#absences = absences;
    for (const host of gone) {
      await this.#remove(host);
      onRemoved(host.id);
    }
  }

  finding(): DoctorFinding {
    const name = 'instances';
    if (this.#incomplete.length === 0) return { name, ok: true, text: 'every zone of a host can be listed' };
    return {
      name,
      ok: false,
      text: `hosts there are not removed though they may be gone: ${this.#incomplete.join('; ')}`,
    };
  }

  async #remove(host: HostRow): Promise<void> {
    const { store, now } = this.#options;
    const { id } = host;
    const at = now();
    await store.removeHost({ id, at, events: [goneEvent(host, at)] });
  }
}

function goneEvent(host: HostRow, at: number): NewEvent {
  const { id, zone } = host.instance ?? { id: '', zone: '' };
  return {
    at,
    kind: 'host.gone',
    app: null,
    host: host.id,
    deployment: null,
    cause: { kind: 'coordinator', detail: 'its instance is gone' },
    text: `Host ${host.name} was removed: its instance ${id} in ${zone} is gone`,
  };
}
