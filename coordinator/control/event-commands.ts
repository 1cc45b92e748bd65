/** The event log, watching changes, and what the coordinator finds wrong with itself. */
import { LongshoreError } from '../../fleet/errors.ts';
import { isHostId } from '../../fleet/ids.ts';
import type { HostId } from '../../fleet/ids.ts';
import { personCause } from '../commands.ts';
import type { Commands } from '../commands.ts';
import { adoptCommand, describeRequest } from '../identity/adoption-requests.ts';
import type { ControlOptions, DoctorFinding } from './control-options.ts';
import { requireKnownApp } from './known-app.ts';
import { pageOf, pagingOf } from './page-of.ts';
import { eventView } from './views/record-views.ts';
import { secretsFinding } from '../secrets/key-loss.ts';

export function eventCommands(
  options: ControlOptions,
): Pick<Commands, 'listEvents' | 'watch' | 'doctor' | 'confirmRestore'> {
  const { store, hub, rollouts, changes, now } = options;
  return {
    listEvents: async (query) => {
      // A host that was removed is found by its id.
      const host = query.host === undefined ? null : ((await store.findHost({ host: query.host }))?.id ?? query.host);
      const filter = { app: query.app ?? null, host, kind: query.kind ?? null, deployment: query.deployment ?? null };
      const slice = await store.listEvents({ ...pagingOf(query), ...filter, order: query.order });
      if (slice.items.length === 0) await requireKnown(query.app ?? null, host, options);
      return pageOf(slice, eventView);
    },
    watch: (onChange, signal) => changes.subscribe(onChange, signal),
    doctor: async () => {
      const findings = await Promise.all([
        eventChain(options),
        hosts(options),
        refusals(options),
        adoptionsAsked(options),
        hostProblems(options),
        restore(options),
        secretsFinding(options),
        ...options.checks.map((check) => check()),
      ]);
      return { checks: [...findings, ...options.findings()] };
    },
    confirmRestore: async (note, actor) => {
      const text = `${actor.name} confirmed the restored data: every host gets its assignment from it`;
      const cause = personCause(actor, note);
      const event = {
        at: now(),
        kind: 'coordinator.restore-confirmed',
        app: null,
        host: null,
        deployment: null,
        cause,
        text,
      };
      const epoch = await store.confirmRestore({ events: [event] });
      rollouts.reload();
      hub.assignmentsChanged(hub.connectedHosts());
      return { epoch };
    },
  };
}

/** @throws NOT_FOUND where nothing was found because there is no such app or host */
async function requireKnown(app: string | null, host: string | null, options: ControlOptions): Promise<void> {
  if (app !== null) await requireKnownApp(app, 'list events of', options);
  if (host === null || (isHostId(host) && (await options.store.host({ id: host })) !== null)) return;
  throw new LongshoreError('NOT_FOUND', `list events of host ${host}: not found`, {
    hint: 'See `longshore hosts`; one that was removed is named by its id.',
  });
}

const NEWEST = 1_000;

/** The newest part of the log: a change of the past shows as a broken chain. */
async function eventChain({ store }: ControlOptions): Promise<DoctorFinding> {
  const name = 'event log';
  const [newest] = (
    await store.listEvents({
      limit: 1,
      after: null,
      app: null,
      host: null,
      kind: null,
      deployment: null,
      order: 'newest',
    })
  ).items;
  if (newest === undefined) return { name, ok: true, text: 'no event yet' };
  const { checked, brokenAt } = await store.verifyEvents({
    from: Math.max(1, newest.number - NEWEST + 1),
    limit: NEWEST,
  });
  if (brokenAt === null) return { name, ok: true, text: `the newest ${checked} events are whole` };
  return {
    name,
    ok: false,
    text: `event ${brokenAt} was changed or is missing: somebody wrote to the database from outside`,
  };
}

async function hosts({ store, hub }: ControlOptions): Promise<DoctorFinding> {
  const rows = await store.allHosts();
  const silent = rows.filter((row) => hub.live(row.id)?.connected !== true).map((row) => row.name);
  const name = 'hosts';
  if (rows.length === 0) return { name, ok: true, text: 'no host is enrolled yet' };
  if (silent.length === 0) return { name, ok: true, text: `all ${rows.length} are connected` };
  return { name, ok: false, text: `${silent.length} of ${rows.length} are not connected: ${listed(silent)}` };
}

async function refusals({ store, hub }: ControlOptions): Promise<DoctorFinding> {
  const connected: readonly HostId[] = hub.connectedHosts();
  const refused = connected.flatMap((id) => {
    const refusal = hub.live(id)?.refusal ?? null;
    return refusal === null ? [] : [{ id, refusal: refusal.problem.message }];
  });
  const names = await store.hostNames({ ids: refused.map(({ id }) => id) });
  const name = 'assignments';
  if (refused.length === 0) return { name, ok: true, text: 'no agent refuses its assignment' };
  return { name, ok: false, text: refused.map(({ id, refusal }) => `${names[id] ?? id}: ${refusal}`).join('; ') };
}

async function adoptionsAsked({ store, adoptions }: ControlOptions): Promise<DoctorFinding> {
  const name = 'adoptions';
  const requests = adoptions.all();
  if (requests.length === 0) return { name, ok: true, text: 'no machine asks to be a host again' };
  // A removed host goes by its id: another one may have its name.
  const names = new Map((await store.allHosts()).map((row) => [row.id, row.name]));
  const lines = requests.map((request) => {
    const host = names.get(request.host) ?? request.host;
    return `${describeRequest(request)} asks to be ${host}: \`${adoptCommand(host, request)}\` lets it`;
  });
  return { name, ok: false, text: listed(lines) };
}

/** What agents say is wrong with their hosts: ingress, certificates, metadata guard. Warnings count too. */
async function hostProblems({ store, hub }: ControlOptions): Promise<DoctorFinding> {
  const found = hub.connectedHosts().flatMap((id) => (hub.live(id)?.problems ?? []).map((each) => ({ id, ...each })));
  const names = await store.hostNames({ ids: [...new Set(found.map(({ id }) => id))] });
  const name = 'host problems';
  if (found.length === 0) return { name, ok: true, text: 'no agent reports one' };
  return { name, ok: false, text: listed(found.map(({ id, part, text }) => `${names[id] ?? id}: ${part}: ${text}`)) };
}

async function restore({ store }: ControlOptions): Promise<DoctorFinding> {
  const name = 'restore';
  const pending = await store.pendingRestore();
  if (pending === null) return { name, ok: true, text: 'no host knows more than the data' };
  const { host, heard, known, at } = pending;
  const names = await store.hostNames({ ids: [host] });
  const order = ({ epoch, generation }: typeof heard): string => `${epoch}.${generation}`;
  return {
    name,
    ok: false,
    text: `the data is an older copy: ${names[host] ?? host} holds assignment ${order(heard)}, the data knows ${order(known)} (seen ${new Date(at).toISOString()}). Hosts keep what they run and changes wait: compare \`longshore plan\` with what should run, then \`longshore doctor --confirm-restore\``,
  };
}

function listed(names: readonly string[]): string {
  return names.length > 10 ? `${names.slice(0, 10).join(', ')} and ${names.length - 10} more` : names.join(', ');
}
