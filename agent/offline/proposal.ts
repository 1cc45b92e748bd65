/**
 * What a host does alone is a proposal: the newer digests of one attempt's images. It stands over the entry that it
 * was made from, and only over that: any other order of the coordinator for the app, be it the adoption or the way
 * back, ends it. What failed its gate is remembered by digest, so that it is not tried every hour, nor again beside
 * something newer.
 * Pure.
 */
import { z } from 'zod';
import type { Assignment, AssignmentEntry, RunEntry } from '../../fleet/assignment.ts';
import type { ServiceSpec } from '../../fleet/app-spec.ts';
import type { AppName, Digest, SpecHash } from '../../fleet/ids.ts';
import { instanceText } from '../../fleet/instance-content.ts';
import type { AppReport } from '../../fleet/report.ts';
import { appNameSchema, countSchema, deploymentIdSchema, digestSchema } from '../../protocol/scalars.ts';

export const proposalSchema = z.object({
  app: appNameSchema,
  base: z.object({ deployment: deploymentIdSchema, release: countSchema, attempt: countSchema }),
  /** 1, 2, 3 ... over this base: each is an attempt of its own. */
  number: countSchema,
  /** Only of the services whose image is newer. */
  digests: z.record(z.string(), digestSchema),
  failed: z.boolean(),
  /** Digests that failed here over this base. */
  refused: z.array(digestSchema).default([]),
});
export type Proposal = z.infer<typeof proposalSchema>;

/** Attempts of a host alone are numbered far above those that the coordinator counts: from here on, they are its own. */
export const ALONE_ATTEMPTS = 1_000_000;

export function isOf(proposal: Proposal, entry: AssignmentEntry): entry is RunEntry {
  const { base } = proposal;
  return (
    entry.kind === 'run' &&
    entry.app === proposal.app &&
    entry.deployment === base.deployment &&
    entry.release === base.release &&
    entry.attempt === base.attempt
  );
}

/** The newest digests of the entry's images, by service -> a proposal; null where there is nothing new to try. */
export function nextProposal(
  entry: RunEntry,
  newest: Readonly<Record<string, Digest>>,
  before: Proposal | null,
): Proposal | null {
  const known = before !== null && isOf(before, entry) ? before : null;
  const refused = known?.refused ?? [];
  const digests = Object.fromEntries(
    Object.entries(newest).filter(
      ([service, digest]) => entry.spec.services[service]?.image.digest !== digest && !refused.includes(digest),
    ),
  );
  if (Object.keys(digests).length === 0 || (known !== null && isSame(known.digests, digests))) return null;
  const { deployment, release, attempt } = entry;
  return {
    app: entry.app,
    base: { deployment, release, attempt },
    number: (known?.number ?? 0) + 1,
    digests,
    failed: false,
    refused,
  };
}

/** It failed its gate: the digest of the service that did is refused, or all where none is named. */
export function failedProposal(proposal: Proposal, report: AppReport | undefined): Proposal {
  const service = report?.attempt?.failedService ?? null;
  const own = service === null ? undefined : proposal.digests[service];
  const digests = own === undefined ? Object.values(proposal.digests) : [own];
  return { ...proposal, failed: true, refused: [...new Set([...proposal.refused, ...digests])] };
}

export function attemptOf(proposal: Proposal): number {
  return proposal.base.attempt + proposal.number * ALONE_ATTEMPTS;
}

/** The assignment with the entries of living proposals in place of those they were made from. */
export function withProposals(
  assignment: Assignment,
  proposals: ReadonlyMap<AppName, Proposal>,
  hashOf: (text: string) => SpecHash,
): Assignment {
  if (proposals.size === 0) return assignment;
  const entries = assignment.entries.map((entry) => {
    const proposal = proposals.get(entry.app);
    return proposal === undefined || proposal.failed || !isOf(proposal, entry)
      ? entry
      : proposedEntry(entry, proposal, hashOf);
  });
  return { ...assignment, entries };
}

/** The report with the proposal that the host keeps. */
export function withProposal(report: AppReport, proposal: Proposal | undefined): AppReport {
  const isKept = proposal !== undefined && !proposal.failed && report.attempt?.attempt === attemptOf(proposal);
  return isKept ? { ...report, proposal: proposal.digests } : report;
}

export function hasFailed(proposal: Proposal, report: AppReport | undefined): boolean {
  const attempt = report?.attempt;
  return !proposal.failed && attempt?.state === 'failed' && attempt.attempt === attemptOf(proposal);
}

function proposedEntry(entry: RunEntry, proposal: Proposal, hashOf: (text: string) => SpecHash): RunEntry {
  const services: Record<string, ServiceSpec> = { ...entry.spec.services };
  const hashes: Record<string, SpecHash> = { ...entry.hashes };
  const { spec: before, secretVersions } = entry;
  for (const [service, digest] of Object.entries(proposal.digests)) {
    const spec = services[service];
    if (spec === undefined) continue;
    const newer = { ...spec, image: { ...spec.image, digest } };
    services[service] = newer;
    // By the coordinator's own rule: a release of the same content finds the instance that it wants.
    hashes[service] = hashOf(instanceText(before, service, newer, secretVersions));
  }
  return { ...entry, attempt: attemptOf(proposal), rollback: false, hashes, spec: { ...entry.spec, services } };
}

function isSame(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
