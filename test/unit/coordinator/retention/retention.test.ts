import t from 'tap';
import { Retention } from '../../../../coordinator/retention/retention.ts';
import type { RetentionOptions } from '../../../../coordinator/retention/retention.ts';
import type { NewEvent } from '../../../../coordinator/store/records.ts';
import type { PrunedEvents, RetentionStore } from '../../../../coordinator/store/retention-store.ts';
import { hostId } from '../../../support/app-builders.ts';

const DAY_MS = 86_400_000;
const KEPT = { eventsMs: 90 * DAY_MS, auditMs: 730 * DAY_MS, eventsBytes: 1024 ** 3, deploymentsMs: 90 * DAY_MS };

type Asked = Parameters<RetentionStore['pruneEvents']>[0] | Parameters<RetentionStore['pruneDeployments']>[0];

function stage(config: RetentionOptions['config'], answers: readonly (readonly PrunedEvents[])[]) {
  const left = [...answers];
  const [asked, appended, counted]: [Asked[], NewEvent[], PrunedEvents[]] = [[], [], []];
  const pauses: number[] = [];
  const clock = { ms: 0 };
  const retention = new Retention({
    config,
    store: {
      pruneEvents: (args) => {
        asked.push(args);
        clock.ms += 20;
        return Promise.resolve(left.shift() ?? []);
      },
      pruneDeployments: (args) => {
        asked.push(args);
        return Promise.resolve({ steps: 1, deployments: 0, next: args.after === null ? 7 : null });
      },
      appendEvents: ({ events }) => {
        appended.push(...events);
        return Promise.resolve([]);
      },
      hostNames: ({ ids }) => Promise.resolve(Object.fromEntries(ids.map((id, index) => [id, `web-${index}`]))),
    },
    onPruned: (pruned) => counted.push(...pruned),
    onFault: (error) => t.fail(String(error)),
    now: () => 1_000 * DAY_MS,
    monotonicMs: () => clock.ms,
    pause: (ms) => {
      pauses.push(ms);
      return Promise.resolve();
    },
  });
  return { retention, asked, appended, counted, pauses, clock };
}

const pruned = (fields: Partial<PrunedEvents>): PrunedEvents => ({
  source: 'host',
  host: hostId(1),
  reason: 'size',
  events: 200,
  ...fields,
});

t.test('retention: in parts, with pauses that leave the store to others', async (t) => {
  const { retention, asked, counted, pauses } = stage(KEPT, [[pruned({ reason: 'age' })], [pruned({ reason: 'age' })]]);
  await retention.look();
  const before = { host: 910 * DAY_MS, coordinator: 910 * DAY_MS, person: 270 * DAY_MS };
  const events = { before, maxBytes: 1024 ** 3, limit: 200 };
  const deployments = { before: 910 * DAY_MS, limit: 200 };
  t.same(asked, [events, events, events, { ...deployments, after: null }, { ...deployments, after: 7 }]);
  t.same(pauses, [180, 180, 50]);
  t.equal(counted.length, 2);
  await retention.look();
  t.equal(asked.length, 6, 'deployments once a day');
});

t.test('retention: what went for its size is one event a day', async (t) => {
  const first = [pruned({ events: 150 }), pruned({ host: hostId(2), events: 50 })];
  const { retention, appended, clock } = stage(KEPT, [first, [pruned({})], [], [pruned({ events: 3 })], [], []]);
  await retention.look();
  t.match(appended, [
    {
      kind: 'events.pruned',
      host: null,
      text: 'The event log reached 1.0 GiB: its 400 oldest events of those that write most were deleted (350 of web-0, 50 of web-1)',
    },
  ]);
  await retention.look();
  t.equal(appended.length, 1);
  clock.ms += DAY_MS;
  await retention.look();
  t.match(appended[1]?.text, /its 3 oldest/);
});

t.test('retention: `never` asks for nothing, and a stop ends it between two parts', async (t) => {
  const never = stage({ eventsMs: null, auditMs: null, eventsBytes: null, deploymentsMs: null }, []);
  await never.retention.look();
  t.same(never.asked, []);

  const { retention, asked } = stage(KEPT, [[pruned({})], [pruned({})]]);
  const looking = retention.look();
  await retention.stop();
  await looking;
  t.equal(asked.length, 1);
});
