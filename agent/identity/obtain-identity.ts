/**
 * The identity that this host has, or one that it gets: by a token, or by the machine's own identity on Google Cloud.
 * What was bought is on the disk before it is used. Google's part is loaded only where it is configured.
 */
import { rm } from 'node:fs/promises';
import type { Problem } from '../../fleet/errors.ts';
import type { AgentConfig, EnrollTokenSource } from '../config.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { isEncrypted, trustedRoots } from '../trust.ts';
import { forgetEnrollToken, readFirstToken } from './enroll-token.ts';
import { enroll, type EnrollLoop, type Post } from './enroll.ts';
import { formerFinder } from './find-former.ts';
import { saveIdentity, type Enrolled, type Identity } from './identity.ts';
import { postJson } from './post-json.ts';
import { reEnrolTokenFile } from './re-enrolment.ts';

export interface IdentityContext {
  readonly config: AgentConfig;
  readonly platform: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Under systemd a refusal waits until it is fixed; elsewhere it ends the agent. */
  readonly underSystemd: boolean;
}

const ENROLL_TIMEOUT_MS = 30_000;
/** A refusal is fixed at the coordinator, and the operator should not wait long for it. */
const REFUSED_MACHINE_AGAIN_MS = 60_000;

/** Null where the signal ended it. @throws a refusal, where it ends the agent */
export async function obtainIdentity(
  context: IdentityContext,
  identity: Identity,
  onStatus: (found: Problem) => void,
  signal: AbortSignal,
): Promise<Enrolled | null> {
  if (identity.enrolled !== null) return identity.enrolled;
  const { config, platform, clock, random, log, underSystemd } = context;
  const ca = isEncrypted(config.coordinators) ? await trustedRoots(config.caFile) : undefined;
  const post: Post = (url, body, stop) => postJson(url, body, { ca, timeoutMs: ENROLL_TIMEOUT_MS, signal: stop });
  const found = await enroll(
    {
      identity,
      coordinators: config.coordinators,
      facts: { name: config.name, labels: config.labels, platform },
      findFormer: formerFinder(config, identity.former),
      readToken: await credentialReader(config, identity, post),
      refusedAgainMs: config.identity === 'google' ? REFUSED_MACHINE_AGAIN_MS : null,
      post,
      clock,
      random,
      onRefusal: underSystemd ? 'wait' : 'throw',
      onStatus,
    },
    signal,
  );
  if (found === null) return null;
  await saveIdentity(config.dataDir, { ...identity, enrolled: found, former: null });
  log.info(`enrolled as ${found.name}`, { host: found.host, pool: found.pool });
  if (config.identity === 'token') await forgetTokens(config, log);
  return found;
}

/** That of `longshore-agent re-enrol` first: it is the newer one. */
function tokenSources({ dataDir, enrollToken }: AgentConfig): readonly EnrollTokenSource[] {
  return [{ kind: 'file', path: reEnrolTokenFile(dataDir) }, enrollToken];
}

async function forgetTokens(config: AgentConfig, log: Log): Promise<void> {
  await forgetEnrollToken(config.enrollToken, log);
  await rm(reEnrolTokenFile(config.dataDir), { force: true });
}

async function credentialReader(config: AgentConfig, identity: Identity, post: Post): Promise<EnrollLoop['readToken']> {
  if (config.identity === 'token') return () => readFirstToken(tokenSources(config));
  const [{ readInstanceCredential }, { metadataServer }] = await Promise.all([
    import('../google/instance-credential.ts'),
    import('../google/metadata-server.ts'),
  ]);
  const metadata = metadataServer();
  return (coordinator, signal) => readInstanceCredential({ identity, coordinator, post, metadata }, signal);
}
