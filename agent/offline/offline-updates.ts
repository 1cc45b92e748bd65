/**
 * The gated update of a host alone: looks up the newest digests of an app's images, and lets the reconciler run
 * them as an attempt of its own, with the same gate and the same way back. Proposals are on the disk before they count.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { z } from 'zod';
import type { Assignment, RunEntry } from '../../fleet/assignment.ts';
import type { AppName, Digest, SpecHash } from '../../fleet/ids.ts';
import { windowAt } from '../../fleet/maintenance-window.ts';
import type { AppReport } from '../../fleet/report.ts';
import type { Clock } from '../clock.ts';
import { writeDurably } from '../durable-file.ts';
import { readStateFile } from '../state/state-file.ts';
import {
  failedProposal,
  hasFailed,
  isOf,
  nextProposal,
  proposalSchema,
  withProposal,
  withProposals,
  type Proposal,
} from './proposal.ts';

const fileSchema = z.object({ version: z.literal(1), proposals: z.array(proposalSchema) });

const hashOf = (text: string): SpecHash => `h1:${createHash('sha256').update(text, 'utf8').digest('hex')}` as SpecHash;

export interface OfflineUpdatesOptions {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly resolveDigest: (reference: string, signal: AbortSignal) => Promise<Digest>;
  readonly onEvent: (event: string, app: AppName | null, text: string) => void;
}

export class OfflineUpdates {
  readonly #options: OfflineUpdatesOptions;
  readonly #proposals: Map<AppName, Proposal>;
  #writing: Promise<void> = Promise.resolve();

  private constructor(options: OfflineUpdatesOptions, proposals: readonly Proposal[]) {
    this.#options = options;
    this.#proposals = new Map(proposals.map((proposal) => [proposal.app, proposal]));
  }

  static async load(options: OfflineUpdatesOptions): Promise<OfflineUpdates> {
    const read = await readStateFile(fileOf(options), fileSchema);
    if (read.kind === 'damaged')
      options.onEvent(
        'STATE_FILE_INVALID',
        null,
        `the proposals cannot be read (${read.reason}); the file was set aside as ${read.setAsideAs}`,
      );
    return new OfflineUpdates(options, read.kind === 'read' ? read.value.proposals : []);
  }

  /** What the reconciler works towards. */
  effective(assignment: Assignment): Assignment {
    return withProposals(assignment, this.#proposals, hashOf);
  }

  withProposals(reports: Readonly<Record<string, AppReport>>): Readonly<Record<string, AppReport>> {
    if (this.#proposals.size === 0) return reports;
    return Object.fromEntries(
      Object.entries(reports).map(([app, report]) => [app, withProposal(report, this.#proposals.get(report.app))]),
    );
  }

  /** @returns true where there is something new to try @throws what the registry or the disk says */
  async update(entry: RunEntry, signal: AbortSignal): Promise<boolean> {
    const { clock, resolveDigest, onEvent } = this.#options;
    const { schedule } = entry.spec;
    if (schedule !== null && !windowAt(schedule.window, schedule.timeZone, clock.now().wallMs).open) return false;
    const newest: Record<string, Digest> = {};
    for (const [service, spec] of Object.entries(entry.spec.services)) {
      // A reference that names its digest has no newer one.
      if ((entry.replicas[service] ?? 0) === 0 || spec.image.reference.includes('@')) continue;
      newest[service] = await resolveDigest(spec.image.reference, signal);
    }
    const proposal = nextProposal(entry, newest, this.#proposals.get(entry.app) ?? null);
    if (proposal === null) return false;
    await this.#keep(proposal);
    const images = Object.entries(proposal.digests).map(([service, digest]) => `${service} ${digest.slice(0, 19)}`);
    onEvent(
      'offline-update',
      entry.app,
      `the coordinator is away: ${entry.app} is updated alone to ${images.join(', ')}`,
    );
    return true;
  }

  /** Looks at what became of the proposals. @returns true where one failed, so that its base is wanted again */
  async review(assignment: Assignment | null, reports: Readonly<Record<string, AppReport>>): Promise<boolean> {
    let changed = false;
    for (const proposal of [...this.#proposals.values()]) {
      const entry = assignment?.entries.find(({ app }) => app === proposal.app);
      if (entry === undefined || !isOf(proposal, entry)) await this.#forget(proposal.app);
      else if (hasFailed(proposal, reports[proposal.app])) {
        await this.#keep(failedProposal(proposal, reports[proposal.app]));
        changed = true;
      }
    }
    return changed;
  }

  #keep(proposal: Proposal): Promise<void> {
    this.#proposals.set(proposal.app, proposal);
    return this.#save();
  }

  #forget(app: AppName): Promise<void> {
    this.#proposals.delete(app);
    return this.#save();
  }

  async #save(): Promise<void> {
    const write = (): Promise<void> =>
      writeDurably(fileOf(this.#options), JSON.stringify({ version: 1, proposals: [...this.#proposals.values()] }));
    this.#writing = this.#writing.catch(() => undefined).then(write);
    await this.#writing;
  }
}

function fileOf({ stateDir }: OfflineUpdatesOptions): string {
  return path.join(stateDir, 'proposals.json');
}
