import { createHash } from 'node:crypto';
import t from 'tap';
import type { Assignment } from '../../../../fleet/assignment.ts';
import type { AppName, SpecHash } from '../../../../fleet/ids.ts';
import {
  attemptOf,
  failedProposal,
  hasFailed,
  nextProposal,
  withProposal,
  withProposals,
  type Proposal,
} from '../../../../agent/offline/proposal.ts';
import { specHashes } from '../../../../coordinator/release/spec-hash.ts';
import { aRunEntry } from '../../../support/agent-entries.ts';
import { anAppReport, anAttempt, digest, hostId, specHash } from '../../../support/app-builders.ts';

const entry = aRunEntry({ app: 'shop', release: 3, services: { web: { version: 'a' }, db: { version: 'b' } } });
const assignment: Assignment = { host: hostId(1), epoch: 1, generation: 1, entries: [entry] };
const hashOf = (text: string): SpecHash => `h1:${Buffer.from(text).toString('hex').slice(-64)}` as SpecHash;

const sha256 = (text: string): SpecHash => `h1:${createHash('sha256').update(text).digest('hex')}` as SpecHash;

function proposed(newest: Parameters<typeof nextProposal>[1], before: Proposal | null = null): Proposal {
  const proposal = nextProposal(entry, newest, before);
  if (proposal === null) throw new Error('nothing was proposed');
  return proposal;
}

const over = (proposal: Proposal, given: Assignment = assignment): Assignment =>
  withProposals(given, new Map<AppName, Proposal>([[proposal.app, proposal]]), hashOf);

t.test('nextProposal: only of what is newer', (t) => {
  t.equal(nextProposal(entry, { web: digest('a'), db: digest('b') }, null), null);
  t.match(proposed({ web: digest('c'), db: digest('b') }), {
    app: 'shop',
    number: 1,
    digests: { web: digest('c') },
    failed: false,
  });
  t.end();
});

t.test('nextProposal: the same digests are not proposed twice, also when they failed; others are', (t) => {
  const failed = { ...proposed({ web: digest('c') }), failed: true };

  t.equal(nextProposal(entry, { web: digest('c') }, failed), null);
  t.match(nextProposal(entry, { web: digest('d') }, failed), {
    number: 2,
    digests: { web: digest('d') },
    failed: false,
  });
  const refused = failedProposal(proposed({ web: digest('c'), db: digest('d') }), {
    ...anAppReport({ app: entry.app, attempt: anAttempt({ state: 'failed', failedService: 'web' }) }),
  });
  t.match(refused, { failed: true, refused: [digest('c')] });
  t.same(nextProposal(entry, { web: digest('c'), db: digest('d') }, refused)?.digests, { db: digest('d') });
  t.equal(nextProposal(entry, { web: digest('c'), db: digest('b') }, refused), null, 'alone or beside another');
  t.match(
    nextProposal({ ...entry, attempt: 9 }, { web: digest('c') }, failed),
    { number: 1 },
    'a new order is a new base',
  );
  t.end();
});

t.test('withProposals: another attempt with the new digest and a hash of its own; the rest stays', (t) => {
  const [changed] = over(proposed({ web: digest('c') })).entries;

  if (changed?.kind !== 'run') throw new Error('the entry is gone');
  t.equal(changed.attempt, entry.attempt + 1_000_000);
  t.equal(changed.spec.services.web?.image.digest, digest('c'));
  t.not(changed.hashes.web, specHash('a'));
  t.equal(
    withProposals(assignment, new Map([[entry.app, proposed({ web: digest('c') })]]), sha256).entries.flatMap((each) =>
      each.kind === 'run' ? [each.hashes.web] : [],
    )[0],
    specHashes(changed.spec, changed.secretVersions).web,
    "the coordinator's own hash: adopting it replaces nothing",
  );
  t.equal(changed.hashes.db, specHash('b'));
  t.equal(changed.spec.services.db, entry.spec.services.db);
  t.end();
});

t.test('withProposals: ends with any other order for the app, and when it failed', (t) => {
  const proposal = proposed({ web: digest('c') });
  const removed: Assignment = { ...assignment, entries: [{ kind: 'remove', app: entry.app, volumes: false }] };
  const adopted: Assignment = { ...assignment, entries: [{ ...entry, attempt: entry.attempt + 1 }] };

  t.same(over(proposal, removed), removed);
  t.same(over(proposal, adopted), adopted);
  t.same(over({ ...proposal, failed: true }), assignment);
  t.end();
});

t.test('withProposal: reports what the host keeps, and only while it does', (t) => {
  const proposal = proposed({ web: digest('c') });
  const report = (attempt: number): ReturnType<typeof anAppReport> =>
    anAppReport({ app: entry.app, attempt: anAttempt({ attempt }) });

  t.same(withProposal(report(attemptOf(proposal)), proposal).proposal, { web: digest('c') });
  t.equal(withProposal(report(entry.attempt), proposal).proposal, null);
  t.equal(withProposal(report(attemptOf(proposal)), undefined).proposal, null);
  t.end();
});

t.test('hasFailed: its own attempt, once', (t) => {
  const proposal = proposed({ web: digest('c') });
  const failed = (attempt: number): ReturnType<typeof anAppReport> =>
    anAppReport({ attempt: anAttempt({ attempt, state: 'failed' }) });

  t.ok(hasFailed(proposal, failed(attemptOf(proposal))));
  t.notOk(hasFailed(proposal, failed(entry.attempt)));
  t.notOk(hasFailed({ ...proposal, failed: true }, failed(attemptOf(proposal))));
  t.notOk(hasFailed(proposal, undefined));
  t.end();
});
