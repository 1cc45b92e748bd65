/** An operator lets a machine that asks for it be a host again; see `identity/adoption-requests.ts`. */
import { LongshoreError } from '../../fleet/errors.ts';
import { isHostId } from '../../fleet/ids.ts';
import type { HostId } from '../../fleet/ids.ts';
import { personCause } from '../commands.ts';
import type { Commands } from '../commands.ts';
import { describeRequest } from '../identity/adoption-requests.ts';
import type { AdoptionRequest } from '../identity/adoption-requests.ts';
import type { ControlOptions } from './control-options.ts';

export function adoptCommands(options: ControlOptions): Pick<Commands, 'adoptHost'> {
  const { store, hub, rollouts, changes, views, adoptions, now } = options;
  return {
    adoptHost: async (host, { key, note }, actor) => {
      const id = await idOf(options, host);
      const request = chosen(host, adoptions.of(id), key);
      if (hub.live(id)?.connected === true)
        throw conflict(`adopt host ${host}: it is connected, so the machine that asks is another one`, {
          hint: `Stop the agent that is connected as ${host} first, or let the other machine enrol as a new host (\`adopt: no\` in its agent.yaml).`,
        });
      const adoption = { host: id, permission: 'operator', cause: personCause(actor, note) } as const;
      const { enrolling, machine } = request;
      if (enrolling.kind === 'token')
        await store.enrollHost({ tokenHash: enrolling.tokenHash, host: machine, at: now(), adoption });
      else {
        const { replaced } = await store.enrollInstance({
          ...enrolling.enrolling,
          host: machine,
          at: now(),
          adoption,
        });
        for (const gone of replaced) {
          hub.hostRemoved(gone);
          changes.publish({ kind: 'host-gone', host: gone });
        }
      }
      adoptions.forget(id);
      rollouts.fleetChanged();
      const view = await views.host(id);
      if (view === null) throw new LongshoreError('NOT_FOUND', `adopt host ${host}: it was removed meanwhile`);
      changes.publish({ kind: 'host', host: view });
      return view;
    },
  };
}

/** By id or name; one that is not enrolled here by its id, or by the name of the machine that asks. @throws NOT_FOUND */
async function idOf({ store, adoptions }: ControlOptions, host: string): Promise<HostId> {
  const known = (await store.findHost({ host }))?.id;
  if (known !== undefined) return known;
  if (isHostId(host)) return host;
  const asking = adoptions.all().find(({ machine }) => machine.name === host);
  if (asking !== undefined) return asking.host;
  throw new LongshoreError('NOT_FOUND', `adopt host ${host}: there is none with this id or name`, {
    hint: '`longshore doctor` lists the machines that ask to be a host again.',
  });
}

/** @throws CONFLICT */
function chosen(host: string, requests: readonly AdoptionRequest[], key: string | null): AdoptionRequest {
  const fitting = key === null ? requests : requests.filter(({ fingerprint }) => fingerprint === key);
  const [request] = fitting;
  if (request === undefined)
    throw conflict(`adopt host ${host}: no machine${key === null ? '' : ` with key ${key}`} asks to be it`, {
      hint: 'Its agent must be running and enrolling with a valid token: see `systemctl status longshore-agent` there.',
    });
  if (fitting.length > 1)
    throw conflict(`adopt host ${host}: several machines ask to be it: ${fitting.map(describeRequest).join('; ')}`, {
      hint: 'Name one with --key; the log of its agent has the key.',
    });
  return request;
}

function conflict(message: string, options: { readonly hint: string }): LongshoreError {
  return new LongshoreError('CONFLICT', message, options);
}
