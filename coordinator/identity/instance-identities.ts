/** The port through which machines enrol by their own identity. One implementation: `google/instance-enrollment.ts`. */
import type { HostInstance } from '../store/records.ts';

export interface EnrollingInstance {
  readonly instance: HostInstance;
  readonly pool: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface InstanceIdentities {
  challenge(publicKey: string): { readonly nonce: string; readonly expiresInMs: number };
  /** Takes the nonce. @throws CHALLENGE_EXPIRED, IDENTITY_REFUSED, GOOGLE_UNAVAILABLE */
  identify(request: {
    readonly publicKey: string;
    readonly identityToken: string;
    readonly nonce: string;
  }): Promise<EnrollingInstance>;
}
