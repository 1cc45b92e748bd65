import t from 'tap';
import { committedJournal, emptyJournal, type AppJournal } from '../../../../agent/state/app-journal.ts';
import type { RunEntry } from '../../../../fleet/assignment.ts';
import { aRunEntry } from '../../../support/agent-entries.ts';
import { aRecord } from '../../../support/agent-planning.ts';
import { appName } from '../../../support/app-builders.ts';

const web = appName('web');

function release(number: number): RunEntry {
  return { ...aRunEntry({ services: { web: { version: `v${number}` } } }), release: number };
}

function committedAfter(journal: AppJournal, entry: RunEntry): AppJournal {
  const attempt = {
    entry,
    state: 'running' as const,
    candidates: { 'web/1': aRecord(entry.release) },
    stopped: [],
    unwell: [],
    problem: null,
    failedService: null,
    budgetLeftMs: 1_000,
    retries: 0,
  };
  const { digest } = entry.spec.services.web?.image ?? {};
  return committedJournal({ ...journal, attempt }, { [String(digest)]: `sha256:image${entry.release}` });
}

t.test(
  'committedJournal: remembers the images of what serves and of what came before, however many there were',
  (t) => {
    let journal = emptyJournal(web);
    for (let number = 1; number <= 50; number += 1) journal = committedAfter(journal, release(number));

    t.same(Object.values(journal.images), ['sha256:image49', 'sha256:image50']);
    t.equal(journal.previous?.release, 49);
    t.end();
  },
);
