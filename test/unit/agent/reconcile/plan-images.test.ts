import t from 'tap';
import { problem } from '../../../../fleet/errors.ts';
import { PlanBuilder } from '../../../../agent/reconcile/plan-builder.ts';
import { planImages } from '../../../../agent/reconcile/plan-images.ts';
import type { Action } from '../../../../agent/reconcile/action.ts';
import { aRunEntry } from '../../../support/agent-entries.ts';
import {
  aContainer,
  aContext,
  aRecord,
  committedJournalOf,
  type TestContext,
} from '../../../support/agent-planning.ts';
import { appName, digest } from '../../../support/app-builders.ts';

const app = appName('web');
const held = (release: number) => ({
  app,
  service: 'web',
  release,
  imageId: `sha256:image-${release}`,
  createdAtMs: release,
});
const entry = (release: number, version: string) => aRunEntry({ release, services: { web: { version } } });
const serving = aContainer(1, { imageId: 'sha256:image-9', recordedImageId: 'sha256:image-9', digest: digest('a') });
const journal = { ...committedJournalOf(entry(9, 'a'), { 'web/1': aRecord(1) }), previous: entry(2, 'b') };

function planned(fields: TestContext): readonly Action[] {
  const context = aContext({ containers: [serving], journal, ...fields });
  const builder = new PlanBuilder(context);
  planImages(context, builder);
  return builder.actions;
}

t.test('planImages: holds what serves, once', (t) => {
  t.match(planned({ facts: { held: [] } }), [{ kind: 'hold-image', release: 9, imageId: 'sha256:image-9' }]);
  t.same(planned({ facts: { held: [held(9)] } }), []);
  t.same(planned({ facts: { held: null } }), [], 'not before what is held is known');
  t.end();
});

t.test('planImages: keeps the serving, the one before it, and the newest; lets the others go', (t) => {
  const all = [1, 2, 3, 4, 5, 7, 9].map(held);
  const gone = planned({ facts: { held: all } }).flatMap((action) =>
    action.kind === 'release-image' ? [action.held.release] : [],
  );
  t.same(gone, [1, 3, 4]);
  t.end();
});

t.test('planImages: on a full disk only what is needed stays, also in the middle of an attempt', (t) => {
  const failures = { x: { problem: problem('NO_SPACE', 'pull'), retryable: true, count: 1, retryAtMs: 0 } };
  const attempt = { ...journal.attempt, entry: entry(10, 'c'), state: 'running' as const };
  const running = { ...journal, attempt } as TestContext['journal'];
  const all = [1, 2, 5, 7, 9, 10].map(held);
  const gone = (facts: TestContext['facts']): readonly number[] =>
    planned({ journal: running ?? {}, facts: { held: all, ...facts } }).flatMap((action) =>
      action.kind === 'release-image' ? [action.held.release] : [],
    );
  t.same(gone({ failures }), [1, 5, 7]);
  t.same(gone({}), [], 'nothing goes during an attempt otherwise');
  t.end();
});

t.test('planImages: what a host made alone of a release is held under a number of its own', (t) => {
  const own = { ...entry(9, 'c'), attempt: 1_000_009 };
  const container = aContainer(1, {
    imageId: 'sha256:image-c',
    recordedImageId: 'sha256:image-c',
    digest: digest('c'),
  });
  const found = planned({
    containers: [container],
    journal: { ...committedJournalOf(own, { 'web/1': aRecord(1) }), previous: entry(9, 'a') },
    facts: { held: [held(9)] },
  });
  t.match(found, [{ kind: 'hold-image', release: 1_000_009, imageId: 'sha256:image-c' }]);
  t.end();
});
