/**
 * Enrolment: a token, or the identity of a machine, makes a host. The key that asks is proven first. A machine that asks
 * to be a host that there is already, or shows a second key, is refused and waits for `longshore hosts adopt`: only an
 * operator can say whether its disk was made anew or somebody took its identity.
 */
import { LongshoreError } from '../../fleet/errors.ts';
import type { HostId } from '../../fleet/ids.ts';
import { credentialOf } from '../../protocol/enroll.ts';
import type { EnrollRequest, FormerHostClaim } from '../../protocol/enroll.ts';
import type { Commands } from '../commands.ts';
import { adoptCommand, describeRequest, fingerprintOf } from '../identity/adoption-requests.ts';
import type { AdoptionRequest, Enrolling } from '../identity/adoption-requests.ts';
import type { InstanceIdentities } from '../identity/instance-identities.ts';
import { tokenHash } from '../identity/token-text.ts';
import { verifyEnrollment } from '../identity/verify-enrollment.ts';
import type { Adoption, HostRow, NewHost } from '../store/records.ts';
import type { ControlOptions } from './control-options.ts';

type EnrollCommands = Pick<Commands, 'enroll' | 'enrollChallenge'>;

export function enrollCommands(options: ControlOptions): EnrollCommands {
  const { store, rollouts, changes, views, adoptions, now } = options;

  const enrollWith = async (enrolling: Enrolling, host: NewHost, adoption: Adoption | null): Promise<HostRow> => {
    const at = now();
    if (enrolling.kind === 'token')
      return await store.enrollHost({ tokenHash: enrolling.tokenHash, at, host, adoption });
    const made = await store.enrollInstance({ ...enrolling.enrolling, at, host, adoption });
    for (const gone of made.replaced) {
      options.hub.hostRemoved(gone);
      changes.publish({ kind: 'host-gone', host: gone });
    }
    return made.host;
  };
  /** An agent repeats its request; people read of it once. */
  const note = async (request: AdoptionRequest, row: HostRow | null, { problem }: LongshoreError): Promise<void> => {
    if (!adoptions.note(request)) return;
    const view = row === null ? null : await views.host(row.id);
    if (view !== null) changes.publish({ kind: 'host', host: view });
    if (!adoptions.takeEvent(request.host, { isKnown: row !== null })) return;
    const cause = { kind: 'coordinator', detail: problem.code } as const;
    const text = `${problem.message}: ${describeRequest(request)}. ${problem.hint}`;
    await store.appendEvents({
      events: [
        {
          at: now(),
          kind: problem.code === 'INSTANCE_KNOWN' ? 'host.second-key' : 'host.adoption-asked',
          app: null,
          host: row === null ? null : row.id,
          deployment: null,
          cause,
          text,
        },
      ],
    });
  };

  return {
    enrollChallenge: ({ publicKey }) => Promise.resolve(identitiesOf(options, 'a machine').challenge(publicKey)),
    enroll: async (request) => {
      verifyEnrollment(request, options.audiences);
      const enrolling = await identify(options, request);
      const claim = request.former ?? null;
      const adoption: Adoption | null =
        claim === null ? null : { host: claim.host, permission: claim.adopt ? 'machine' : 'none' };
      const machine = newHost(options, request, enrolling);
      try {
        const row = await enrollWith(enrolling, machine, adoption);
        const view = await views.host(row.id);
        if (view !== null) changes.publish({ kind: 'host', host: view });
        rollouts.fleetChanged();
        return { host: row.id, name: row.name, pool: row.pool };
      } catch (error) {
        if (!(error instanceof LongshoreError)) throw error;
        const host = await askedHost(options, error, enrolling, claim);
        if (host === null) throw error;
        const asking = { host, fingerprint: fingerprintOf(request.publicKey), machine, enrolling, claim };
        const row = await store.host({ id: host });
        const command = adoptCommand(row?.removedAt === null ? row.name : host, asking);
        const { code, message } = error.problem;
        const hint = `If it is that host's own machine, run \`${command}\`; docs/operations.md has the other ways.`;
        await note(asking, row, new LongshoreError(code, message, { hint }));
        throw new LongshoreError(code, `${message} (the machine's key is ${asking.fingerprint})`, { hint });
      }
    },
  };
}

/** Which host the refused machine asks to be; null where the refusal has another reason. */
async function askedHost(
  { store }: ControlOptions,
  { code }: LongshoreError,
  enrolling: Enrolling,
  claim: FormerHostClaim | null,
): Promise<HostId | null> {
  if (code === 'FORMER_HOST') return claim?.host ?? null;
  if (code !== 'INSTANCE_KNOWN' || enrolling.kind !== 'instance') return null;
  const { id, projectNumber } = enrolling.enrolling.instance;
  const rows = await store.allHosts();
  return rows.find(({ instance }) => instance?.id === id && instance.projectNumber === projectNumber)?.id ?? null;
}

/** @throws IDENTITY_REFUSED, CHALLENGE_EXPIRED, GOOGLE_UNAVAILABLE; a token is checked by the store */
async function identify(options: ControlOptions, request: EnrollRequest): Promise<Enrolling> {
  const credential = credentialOf(request);
  if (credential.kind === 'token') return { kind: 'token', tokenHash: tokenHash(credential.token) };
  const identities = identitiesOf(options, `host ${request.name}`);
  const { publicKey } = request;
  return { kind: 'instance', enrolling: await identities.identify({ ...credential, publicKey }) };
}

function newHost({ randomBytes }: ControlOptions, request: EnrollRequest, enrolling: Enrolling): NewHost {
  const { publicKey, sealingKey, labels, platform } = request;
  const name = enrolling.kind === 'instance' ? enrolling.enrolling.instance.name : request.name;
  return { id: `h-${randomBytes(8).toString('hex')}` as HostId, name, publicKey, sealingKey, labels, platform };
}

/** @throws IDENTITY_REFUSED */
function identitiesOf({ identities }: ControlOptions, who: string): InstanceIdentities {
  if (identities !== null) return identities;
  throw new LongshoreError('IDENTITY_REFUSED', `enrol ${who}: this coordinator takes no identity tokens`, {
    hint: 'Set `google` in its configuration, or enrol the host with a token.',
  });
}
