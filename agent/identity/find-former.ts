/**
 * What the agent claims to have been when it enrols: the host that `longshore-agent re-enrol` names, or the one whose
 * containers and volumes the engine holds. Where it holds those of several, a person has to choose.
 */
import { LongshoreError, problem } from '../../fleet/errors.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { AgentConfig } from '../config.ts';
import { EngineClient } from '../engine/engine-client.ts';
import { listOwned, type OwnedObject } from '../engine/owned-objects.ts';
import type { FoundFormer } from './enroll.ts';
import { describeFormer, formerHosts, summaryOf, type FormerHost } from './former-hosts.ts';

export interface FormerFacts {
  readonly dataDir: string;
  /** What `re-enrol` left in the identity. */
  readonly former: HostId | null;
  readonly adopt: AgentConfig['adopt'];
}

export function formerFinder(
  config: AgentConfig,
  former: HostId | null,
): (signal: AbortSignal) => Promise<FoundFormer> {
  const client = new EngineClient(config.dockerSocket);
  return async (signal) => {
    try {
      return chooseFormer({ ...config, former }, await listOwned(client, signal));
    } catch (error) {
      if (!(error instanceof LongshoreError)) throw error;
      return { kind: 'unreachable', problem: error.problem, retryAfterMs: null };
    }
  };
}

/** What other hosts' objects of this data directory there are beside those of the host that it is. */
export async function othersHere(
  config: AgentConfig,
  own: HostId,
  signal: AbortSignal,
): Promise<readonly FormerHost[]> {
  return formerHosts(await listOwned(new EngineClient(config.dockerSocket), signal), config.dataDir, own);
}

/** Pure. */
export function chooseFormer(facts: FormerFacts, objects: readonly OwnedObject[]): FoundFormer {
  const { dataDir, former, adopt } = facts;
  // Who ran `re-enrol` on this machine has decided.
  if (former !== null) return { kind: 'host', claim: { ...summaryOf(former, objects), adopt: true } };
  if (adopt === 'no') return { kind: 'host', claim: null };
  const [found, ...others] = formerHosts(objects, dataDir, null);
  if (found === undefined) return { kind: 'host', claim: null };
  if (others.length === 0) return { kind: 'host', claim: { ...found, adopt: adopt === 'yes' } };
  const listed = [found, ...others].map(describeFormer).join(', ');
  return {
    kind: 'refused',
    problem: problem('FORMER_HOST', `enrol: this machine holds what several of its former hosts left: ${listed}`, {
      hint: 'Choose with `longshore-agent re-enrol --host HOST`, or set `adopt: no` to enrol as a new host beside them.',
    }),
  };
}
