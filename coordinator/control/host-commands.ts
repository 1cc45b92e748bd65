/** Hosts: list, explain, cordon, drain, label, rename and remove. */
import { LongshoreError } from '../../fleet/errors.ts';
import { isAppName } from '../../fleet/ids.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { HostPatch } from '../../protocol/http-api/requests.ts';
import { personCause } from '../commands.ts';
import type { Actor, Commands } from '../commands.ts';
import type { HostRow, NewEvent } from '../store/records.ts';
import type { ControlOptions } from './control-options.ts';
import { pagingOf } from './page-of.ts';
import { groupTargets } from './group-targets.ts';
import { hostView } from './views/host-view.ts';

type HostCommands = Pick<Commands, 'listHosts' | 'getHost' | 'explainHost' | 'patchHost' | 'removeHost'>;

export function hostCommands(options: ControlOptions): HostCommands {
  const { store, hub, rollouts, changes, views, adoptions } = options;
  const viewOf = async (id: HostId) => {
    const view = await views.host(id);
    if (view === null) throw noHost(id);
    return view;
  };
  return {
    listHosts: async (query) => {
      const app = query.app !== undefined && isAppName(query.app) ? query.app : null;
      const slice = await store.listHosts({ ...pagingOf(query), pool: query.pool ?? null, app });
      const targets = groupTargets(await store.targetsOfHosts({ hosts: slice.items.map((row) => row.id) }));
      const items = slice.items.map((row) =>
        hostView(row, hub.live(row.id), targets.get(row.id) ?? [], adoptions.of(row.id)),
      );
      return { items, next: slice.next };
    },
    getHost: async (host) => viewOf((await findHost(options, host)).id),
    explainHost: async (host) => options.explain(await findHost(options, host)),
    patchHost: async (host, patch, actor) => {
      const before = await findHost(options, host);
      await store.patchHost({
        id: before.id,
        availability: patch.availability ?? null,
        labels: patch.labels ?? null,
        inheritLabels: patch.inheritLabels ?? [],
        name: patch.name ?? null,
        events: patchEvents(before, patch, actor, options.now()),
      });
      rollouts.fleetChanged();
      const view = await viewOf(before.id);
      changes.publish({ kind: 'host', host: view });
      return view;
    },
    removeHost: async (host, actor) => {
      const { id, name } = await findHost(options, host);
      const text = `Host ${name} was removed; its key is refused from now on`;
      await store.removeHost({
        id,
        at: options.now(),
        events: [hostEvent(id, 'host.removed', text, actor, null, options.now())],
      });
      hub.hostRemoved(id);
      changes.publish({ kind: 'host-gone', host: id });
      rollouts.fleetChanged();
    },
  };
}

/** By id or name. @throws NOT_FOUND */
export async function findHost({ store }: Pick<ControlOptions, 'store'>, host: string): Promise<HostRow> {
  const row = await store.findHost({ host });
  if (row === null) throw noHost(host);
  return row;
}

function noHost(host: string): LongshoreError {
  return new LongshoreError('NOT_FOUND', `read host ${host}: not found`, {
    hint: 'See `longshore hosts`.',
  });
}

const AVAILABILITY = {
  active: ['host.activated', 'takes work again'],
  paused: ['host.paused', 'is cordoned: it keeps what it has and gets nothing new'],
  draining: ['host.draining', 'is drained: it gives up its apps'],
} as const;

/** One event for each thing that really changes. */
function patchEvents(before: HostRow, patch: HostPatch, actor: Actor, at: number): readonly NewEvent[] {
  const events: NewEvent[] = [];
  const add = (kind: string, text: string): void =>
    void events.push(hostEvent(before.id, kind, text, actor, patch.note, at));
  if (patch.name !== undefined && patch.name !== before.name)
    add('host.renamed', `Host ${before.name} is now called ${patch.name}`);
  if (patch.availability !== undefined && patch.availability !== before.availability) {
    const [kind, text] = AVAILABILITY[patch.availability];
    add(kind, `Host ${before.name} ${text}`);
  }
  const labels = [
    ...Object.entries(patch.labels ?? {}).map(([key, value]) => (value === null ? `no ${key}` : `${key}=${value}`)),
    ...(patch.inheritLabels ?? []).map((key) => `${key} as its agent and pool say`),
  ];
  if (labels.length > 0) add('host.labelled', `Labels of host ${before.name}: ${labels.join(', ')}`);
  return events;
}

function hostEvent(host: HostId, kind: string, text: string, actor: Actor, note: string | null, at: number): NewEvent {
  return { at, kind, app: null, host, deployment: null, cause: personCause(actor, note), text };
}
