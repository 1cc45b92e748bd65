/**
 * Who may enrol by the identity of its machine: an instance of this project whose service account is that of a pool,
 * with a fresh nonce of ours for the key that it shows. What the request says of itself (name, labels, pool) plays no
 * part.
 */
import { createHash } from 'node:crypto';
import { LongshoreError } from '../../fleet/errors.ts';
import { identityAudience } from '../../protocol/enroll.ts';
import type { EnrollChallenges } from '../identity/enroll-challenges.ts';
import type { EnrollingInstance, InstanceIdentities } from '../identity/instance-identities.ts';
import { poolOf } from './fleet-file.ts';
import type { FleetWatch } from './fleet-watch.ts';
import type { GoogleKeys } from './google-keys.ts';
import { verifyIdentityToken } from './identity-token.ts';

export interface InstanceEnrollmentOptions {
  readonly challenges: EnrollChallenges;
  readonly keys: Pick<GoogleKeys, 'key'>;
  readonly fleet: Pick<FleetWatch, 'manifest'>;
  /** The coordinator's own addresses, as `audienceOf` spells them. */
  readonly audiences: readonly string[];
  /** Wall clock, ms. */
  readonly now: () => number;
}

export function instanceEnrollment(options: InstanceEnrollmentOptions): InstanceIdentities {
  const { challenges, keys, fleet, audiences, now } = options;
  return {
    challenge: (publicKey) => challenges.make(publicKey),
    identify: async ({ publicKey, identityToken, nonce }): Promise<EnrollingInstance> => {
      // Before anything is asked of Google: whoever has no nonce of ours causes no work.
      challenges.check(nonce, publicKey);
      const { manifest } = fleet;
      const publicKeyHash = createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex');
      const identity = await verifyIdentityToken(identityToken, (id) => keys.key(id), {
        audiences: audiences.map((audience) => identityAudience({ audience, nonce, publicKeyHash })),
        projectNumber: manifest.projectNumber,
        now: now(),
      });
      challenges.take(nonce, publicKey);
      const pool = poolOf(manifest, identity.email);
      if (pool === null)
        throw new LongshoreError(
          'IDENTITY_REFUSED',
          `enrol instance ${identity.name}: its service account ${identity.email} is that of no pool`,
        );
      const { projectNumber, instanceId: id, zone, name } = identity;
      return { instance: { projectNumber, id, zone, name }, pool: pool.name, labels: pool.labels };
    },
  };
}
