import t, { type Test } from 'tap';
import type { ContainerEngine, EngineObservation } from '../../../../agent/engine/container-engine.ts';
import { EngineWatch, LOOK_TOLD_AFTER_MS } from '../../../../agent/reconcile/engine-watch.ts';
import { Memory } from '../../../../agent/reconcile/memory.ts';
import { LongshoreError } from '../../../../fleet/errors.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { withResolvers } from '../../../support/with-resolvers.ts';

const nothing: EngineObservation = { containers: [], networks: [], volumes: [] };

interface Stage {
  readonly watch: EngineWatch;
  readonly clock: ManualClock;
  /** What was told, at each `onSeen`. */
  readonly told: (string | null)[];
}

function stage(
  t: Test,
  observe: () => Promise<EngineObservation>,
  heldImages: ContainerEngine['heldImages'] = async () => [],
): Stage {
  const clock = new ManualClock();
  const told: (string | null)[] = [];
  const stop = new AbortController();
  const engine: Pick<ContainerEngine, 'observe' | 'watch' | 'heldImages'> = {
    observe,
    heldImages,
    watch: (_, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
  };
  const watch = new EngineWatch({
    engine: engine as ContainerEngine,
    memory: new Memory(false),
    clock,
    random: () => 0.5,
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    onSeen: () => told.push(watch.obstacle),
  });
  void watch.run(stop.signal);
  t.teardown(() => stop.abort());
  return { watch, clock, told };
}

t.test('engine watch: a look without an answer is an obstacle, told while it goes on', async (t) => {
  const answer = withResolvers<EngineObservation>();
  const { watch, clock, told } = stage(t, () => answer.promise);

  await clock.advance(LOOK_TOLD_AFTER_MS - 1);
  t.equal(watch.obstacle, null);
  t.same(told, []);

  await clock.advance(1);
  t.match(watch.obstacle, /no answer for more than 30 s/);
  t.same(told, [watch.obstacle], 'somebody is woken for it');

  answer.resolve(nothing);
  await clock.advance(1);
  t.equal(watch.obstacle, null);
  t.equal(told.at(-1), null);
});

t.test('engine watch: a look that failed stays the obstacle until one succeeds', async (t) => {
  const second = withResolvers<EngineObservation>();
  let asked = 0;
  const { watch, clock } = stage(t, () => {
    asked += 1;
    if (asked > 1) return second.promise;
    return Promise.reject(new LongshoreError('ENGINE_UNAVAILABLE', 'list containers: nobody there'));
  });
  await clock.advance(LOOK_TOLD_AFTER_MS);
  t.equal(asked, 2);
  t.equal(watch.obstacle, 'list containers: nobody there', 'also while the next look is under way');
  second.resolve(nothing);
  await clock.advance(1);
  t.equal(watch.obstacle, null);
});

t.test('engine watch: looks go on where the held images cannot be listed', async (t) => {
  const never = new Promise<never>(() => undefined);
  const hanging = stage(
    t,
    async () => nothing,
    () => never,
  );
  await hanging.clock.advance(1);
  t.same(hanging.told, [null], 'seen, and no obstacle');

  const failing = stage(
    t,
    async () => nothing,
    async () => {
      throw new LongshoreError('ENGINE_REFUSED', 'list images: broken store');
    },
  );
  await failing.clock.advance(1);
  t.same(failing.told, [null]);
});
