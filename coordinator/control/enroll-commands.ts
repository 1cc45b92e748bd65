/**
 * Enrolment: a token, or the identity of a machine, makes a host. The key that asks is proven first; a machine's second
 * key is refused and told to people, because only an operator can say whether its disk was made anew or somebody stole
 * its identity.
 */
import { LongshoreError } from '../../fleet/errors.ts';
import type { HostId } from '../../fleet/ids.ts';
import { credentialOf } from '../../protocol/enroll.ts';
import type { EnrollRequest } from '../../protocol/enroll.ts';
import type { Commands } from '../commands.ts';
import type { EnrollingInstance, InstanceIdentities } from '../identity/instance-identities.ts';
import { tokenHash } from '../identity/token-text.ts';
import { verifyEnrollment } from '../identity/verify-enrollment.ts';
import type { HostRow, NewHost } from '../store/records.ts';
import type { ControlOptions } from './control-options.ts';

type EnrollCommands = Pick<Commands, 'enroll' | 'enrollChallenge'>;

/** A machine that is refused tries each minute; people read of it once in ten. */
const TELL_EVERY_MS = 10 * 60_000;
const MOST_TOLD = 1_000;

export function enrollCommands(options: ControlOptions): EnrollCommands {
  const { store, rollouts, changes, views, now } = options;
  const told = new Map<string, number>();

  const byInstance = async (enrolling: EnrollingInstance, host: NewHost): Promise<HostRow> => {
    const { instance, pool, labels } = enrolling;
    try {
      const made = await store.enrollInstance({
        instance,
        pool,
        labels,
        at: now(),
        host: { ...host, name: instance.name },
      });
      for (const gone of made.replaced) {
        options.hub.hostRemoved(gone);
        changes.publish({ kind: 'host-gone', host: gone });
      }
      return made.host;
    } catch (error) {
      if (error instanceof LongshoreError && error.code === 'INSTANCE_KNOWN') await tell(instance.id, error);
      throw error;
    }
  };
  const tell = async (instance: string, { problem }: LongshoreError): Promise<void> => {
    const at = now();
    if (at - (told.get(instance) ?? Number.NEGATIVE_INFINITY) < TELL_EVERY_MS) return;
    if (told.size >= MOST_TOLD) told.clear();
    told.set(instance, at);
    const cause = { kind: 'coordinator', detail: problem.code } as const;
    const text = `${problem.message}. ${problem.hint}`;
    await store.appendEvents({
      events: [{ at, kind: 'host.second-key', app: null, host: null, deployment: null, cause, text }],
    });
  };

  return {
    enrollChallenge: ({ publicKey }) => Promise.resolve(identitiesOf(options, 'a machine').challenge(publicKey)),
    enroll: async (request) => {
      verifyEnrollment(request, options.audiences);
      const credential = credentialOf(request);
      const host = newHost(options, request);
      const row =
        credential.kind === 'token'
          ? await store.enrollHost({ tokenHash: tokenHash(credential.token), at: now(), host })
          : await byInstance(
              await identitiesOf(options, `host ${request.name}`).identify({
                ...credential,
                publicKey: request.publicKey,
              }),
              host,
            );
      const view = await views.host(row.id);
      if (view !== null) changes.publish({ kind: 'host', host: view });
      rollouts.fleetChanged();
      return { host: row.id, name: row.name, pool: row.pool };
    },
  };
}

function newHost({ randomBytes }: ControlOptions, request: EnrollRequest): NewHost {
  const { name, publicKey, sealingKey, labels, platform } = request;
  return { id: `h-${randomBytes(8).toString('hex')}` as HostId, name, publicKey, sealingKey, labels, platform };
}

/** @throws IDENTITY_REFUSED */
function identitiesOf({ identities }: ControlOptions, who: string): InstanceIdentities {
  if (identities !== null) return identities;
  throw new LongshoreError('IDENTITY_REFUSED', `enrol ${who}: this coordinator takes no identity tokens`, {
    hint: 'Set `google` in its configuration, or enrol the host with a token.',
  });
}
