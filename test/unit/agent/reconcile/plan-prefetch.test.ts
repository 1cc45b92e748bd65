import t from 'tap';
import type { Prefetch } from '../../../../fleet/assignment.ts';
import { problem } from '../../../../fleet/errors.ts';
import { imageKey } from '../../../../agent/reconcile/action.ts';
import { PlanBuilder } from '../../../../agent/reconcile/plan-builder.ts';
import { planImages } from '../../../../agent/reconcile/plan-images.ts';
import { planPrefetch, prefetchKey } from '../../../../agent/reconcile/plan-prefetch.ts';
import { aRunEntry } from '../../../support/agent-entries.ts';
import { aContext, type TestContext } from '../../../support/agent-planning.ts';
import { appName, digest } from '../../../support/app-builders.ts';

const app = appName('web');
const request = { reference: '127.0.0.1:5000/web:1', digest: digest('b'), platform: null };
const prefetch: Prefetch = { app, release: 2, images: [{ service: 'web', ...request }], spreadMs: 60_000 };
const entry = aRunEntry({ release: 1, services: { web: { version: 'a' } } });
const facts = { imageId: 'sha256:image-b', sizeBytes: 1, hasHealthcheck: false, user: '', volumes: [] };
const atMs = { [prefetchKey(prefetch)]: 5_000 };

const planned = (fields: TestContext): PlanBuilder => planPrefetch(aContext({ entry, prefetch, ...fields }));

t.test("planPrefetch: pulls at this host's moment of the spread, not before", (t) => {
  const early = planned({ nowMs: 4_999, facts: { prefetchAtMs: atMs } });
  t.same(early.actions, []);
  t.same(early.timers, [5_000]);

  t.same(planned({ nowMs: 5_000, facts: { prefetchAtMs: atMs } }).actions, [{ kind: 'pull', app, request }]);
  t.end();
});

t.test('planPrefetch: what is there is held under the release that it belongs to, once', (t) => {
  const images = { [imageKey(request)]: facts };
  const held = { app, service: 'web', release: 2, imageId: facts.imageId, createdAtMs: 0 };

  t.match(planned({ facts: { images } }).actions, [
    { kind: 'hold-image', service: 'web', release: 2, imageId: facts.imageId },
  ]);
  t.same(planned({ facts: { images, held: [held] } }).actions, []);
  t.same(planned({ facts: { images, held: null } }).actions, [], 'not before what is held is known');
  t.end();
});

t.test("planPrefetch: a failure is tried again at its time, and is nobody else's", (t) => {
  const failure = { problem: problem('REGISTRY_UNAVAILABLE', 'pull'), retryable: true, count: 2, retryAtMs: 9_000 };
  const builder = planned({ nowMs: 6_000, facts: { failures: { [`image:${imageKey(request)}`]: failure } } });

  t.same(builder.actions, []);
  t.same(builder.timers, [9_000]);
  t.end();
});

t.test('planPrefetch: nothing for an app that is not to run here, and nothing where nothing waits', (t) => {
  t.same(planned({ entry: { kind: 'remove', app, volumes: false } }).actions, []);
  t.same(planned({ entry: null }).actions, []);
  t.same(planned({ prefetch: null }).actions, []);
  t.end();
});

t.test('planImages: what was downloaded ahead is not let go, however many newer ones there are', (t) => {
  const held = [2, 5, 6, 7, 8].map((release) => ({
    app,
    service: 'web',
    release,
    imageId: `sha256:image-${release}`,
    createdAtMs: release,
  }));
  const gone = (wanted: Prefetch | null): readonly number[] => {
    const context = aContext({ entry, prefetch: wanted, facts: { held } });
    const builder = new PlanBuilder(context);
    planImages(context, builder);
    return builder.actions.flatMap((each) => (each.kind === 'release-image' ? [each.held.release] : []));
  };

  t.same(gone(null), [2, 5]);
  t.same(gone(prefetch), [5]);
  t.end();
});
