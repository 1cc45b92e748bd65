/**
 * Whether a hello proves that its host is who it says: the key that the store knows for it must have signed this
 * connection's own nonce and audience. A nonce is made for one connection and taken once, so a hello that was
 * overheard proves nothing on any other.
 */
import { problem } from '../../fleet/errors.ts';
import type { Problem } from '../../fleet/errors.ts';
import { helloProof } from '../../protocol/agent-messages.ts';
import type { AgentMessageOf } from '../../protocol/agent-messages.ts';
import { chooseVersion, PROTOCOL } from '../../protocol/version.ts';
import { isSignedBy } from '../identity/ed25519.ts';
import type { HostRow } from '../store/records.ts';

export type HelloVerdict =
  | { readonly kind: 'accepted'; readonly row: HostRow; readonly protocol: number }
  /** @param retryAfterMs null = the agent's own back-off */
  | { readonly kind: 'refused'; readonly problem: Problem; readonly retryAfterMs: number | null };

const HOUR_MS = 3_600_000;

export function verifyHello(
  hello: AgentMessageOf<'hello'>,
  row: HostRow | null,
  challenge: { readonly nonce: string; readonly audience: string },
): HelloVerdict {
  if (row === null) {
    return refused(
      problem('IDENTITY_UNKNOWN', `connect host ${hello.host}: no host with this id is enrolled here`),
      HOUR_MS,
    );
  }
  const proof = helloProof({ ...challenge, host: hello.host, process: hello.process });
  if (!isSignedBy(row.publicKey, proof, hello.signature)) {
    const text = `connect host ${hello.host}: the signature is not of its key over ${challenge.audience}`;
    return refused(problem('SIGNATURE_INVALID', text), null);
  }
  // Only after the proof: who cannot prove the key learns nothing of the host.
  if (row.removedAt !== null) {
    return refused(problem('HOST_REMOVED', `connect host ${row.name}: an operator removed it`), HOUR_MS);
  }
  const protocol = chooseVersion(PROTOCOL, hello.protocol);
  if (protocol === null) {
    const { min, max } = hello.protocol;
    const text = `connect host ${row.name}: its agent ${hello.agentVersion} speaks protocol ${min} to ${max}, this coordinator ${PROTOCOL.min} to ${PROTOCOL.max}`;
    return refused(problem('PROTOCOL_VERSION', text), null);
  }
  return { kind: 'accepted', row, protocol };
}

function refused(reason: Problem, retryAfterMs: number | null): HelloVerdict {
  return { kind: 'refused', problem: reason, retryAfterMs };
}
