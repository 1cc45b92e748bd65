import t from 'tap';
import { callLimitMs } from '../../../../agent/engine/call-limit.ts';

const rows: readonly (readonly [path: string, query: unknown, limitMs: number | null])[] = [
  ['/_ping', undefined, 1_000],
  ['/containers/json?', { all: true }, 1_000],
  ['/containers/c1/json?', {}, 1_000],
  ['/containers/c1/start?', {}, 1_000],
  ['/containers/c1/exec', {}, 1_000],
  ['/exec/e1/start', {}, 1_000],
  ['/events?', {}, 1_000],
  ['/containers/c1/logs', {}, 1_000],
  // Its grace comes before its answer.
  ['/containers/c1/stop?', { t: 30 }, 31_000],
  ['/containers/c1/stop?', { t: 0 }, 1_000],
  ['/containers/c1/stop?', {}, 11_000],
  ['/containers/stop/json?', {}, 1_000],
  ['/containers/c1/wait?', { condition: 'not-running' }, null],
  ['/images/create?', { fromImage: 'web' }, null],
  ['/images/web/json', undefined, 1_000],
];

t.test(
  'callLimitMs: short calls have the limit, a stop its grace beside, and what is long by its nature none',
  async (t) => {
    for (const [path, query, limitMs] of rows) t.equal(callLimitMs(path, query, 1_000), limitMs, path);
  },
);
