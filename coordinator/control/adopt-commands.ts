/**
 * An operator lets a machine that asks for it be a host again; see `identity/adoption-requests.ts`. The key is always
 * named: between a look at what waits and the command another machine may have taken the place of the first.
 */
import { LongshoreError } from '../../fleet/errors.ts';
import { isHostId } from '../../fleet/ids.ts';
import type { HostId } from '../../fleet/ids.ts';
import { personCause } from '../commands.ts';
import type { Commands } from '../commands.ts';
import { describeChoice } from '../identity/adoption-requests.ts';
import type { AdoptionRequest } from '../identity/adoption-requests.ts';
import type { ControlOptions } from './control-options.ts';

export function adoptCommands(options: ControlOptions): Pick<Commands, 'adoptHost'> {
  const { store, hub, rollouts, changes, views, adoptions, now } = options;
  return {
    adoptHost: async (host, { key, note }, actor) => {
      const { id, name } = await asked(options, host, key);
      const request = chosen(name, adoptions.of(id), key);
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

/**
 * By id or name; one that is not enrolled here by its id, or by the name of the machine that asks. A removed host goes by
 * its id: another one may have its name.
 * @throws NOT_FOUND
 */
async function asked(
  { store, adoptions }: ControlOptions,
  host: string,
  key: string | null,
): Promise<{ readonly id: HostId; readonly name: string }> {
  const known = await store.findHost({ host });
  if (known !== null) return { id: known.id, name: known.removedAt === null ? known.name : known.id };
  if (isHostId(host)) return { id: host, name: host };
  const named = adoptions.all().filter(({ machine }) => machine.name === host);
  const asking = named.find(({ fingerprint }) => fingerprint === key) ?? named[0];
  if (asking !== undefined) return { id: asking.host, name: asking.host };
  throw new LongshoreError('NOT_FOUND', `adopt host ${host}: no host has this id or name`, {
    hint: '`longshore doctor` lists the machines that ask to be a host again.',
  });
}

/** @throws CONFLICT */
function chosen(host: string, requests: readonly AdoptionRequest[], key: string | null): AdoptionRequest {
  const request = requests.find(({ fingerprint }) => fingerprint === key);
  if (request !== undefined) return request;
  if (requests.length === 0)
    throw conflict(`adopt host ${host}: no machine asks to be it`, {
      hint: 'Its agent must be running and enrolling with a valid token: see `systemctl status longshore-agent` there.',
    });
  const problem = key === null ? 'the key of the machine is missing' : `no machine with key ${key} asks to be it`;
  throw conflict(`adopt host ${host}: ${problem}; these ask: ${describeChoice(host, requests)}`, {
    hint: "Compare the key with the one in the log of the machine's agent, then run the command of that machine.",
  });
}

function conflict(message: string, options: { readonly hint: string }): LongshoreError {
  return new LongshoreError('CONFLICT', message, options);
}
