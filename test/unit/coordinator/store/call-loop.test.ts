import t from 'tap';
import { CallLoop, LOOK_MS } from '../../../../coordinator/store/call-loop.ts';
import type { Call, Connection } from '../../../../coordinator/store/group-commit.ts';
import { toProblem } from '../../../../coordinator/store/worker-messages.ts';
import type { WorkerAnswer } from '../../../../coordinator/store/worker-messages.ts';
import { FakeTimers } from '../../../support/fake-timers.ts';

class Scene {
  readonly timers = new FakeTimers();
  readonly answers: WorkerAnswer[] = [];
  readonly order: string[] = [];
  readonly obstacles: (string | null)[] = [];
  isLocked = false;
  isFull = false;
  freeBytes = 1e9;
  #lastId = 0;
  readonly loop = new CallLoop({
    connection: {
      db: null as unknown as Connection['db'],
      begin: 'BEGIN',
      exec: (sql) => {
        if (this.isLocked && sql === 'BEGIN') throw Object.assign(new Error('locked'), { code: 'SQLITE_BUSY' });
        if (this.isFull && sql === 'COMMIT') throw Object.assign(new Error('full'), { code: 'SQLITE_FULL' });
      },
      spoils: () => false,
      isLocked: (error) => (error as { code?: string }).code === 'SQLITE_BUSY',
      mayRepeat: () => false,
      problemOf: toProblem,
    },
    receive: () => null,
    onCommitted: ({ answers }) => this.answers.push(...answers),
    onObstacle: (text) => this.obstacles.push(text),
    freeBytes: () => this.freeBytes,
    clock: () => this.timers.monotonicMs(),
    after: (ms, fire) => this.timers.after(ms, fire),
  });

  async call(name: string, writes = true): Promise<void> {
    const call: Call = { id: (this.#lastId += 1), name, writes, run: async () => this.order.push(name) };
    this.loop.add(call);
    await this.settle();
  }

  async passes(ms: number): Promise<void> {
    await this.timers.advanceTo(this.timers.monotonicMs() + ms, () => this.settle());
  }

  async settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

t.test('CallLoop: while another program holds the lock reads go on, and writes wait in their order', async (t) => {
  const scene = new Scene();
  scene.isLocked = true;
  await scene.call('first');
  await scene.call('read', false);
  await scene.call('second');

  t.same(scene.order, ['read']);
  await scene.passes(500);
  t.same(scene.obstacles, [], 'a short lock is none');
  await scene.passes(1_000);
  t.match(scene.obstacles, [/another program has locked/]);
  scene.isLocked = false;
  await scene.passes(200);
  t.same(scene.order, ['read', 'first', 'second']);
  t.equal(scene.obstacles.at(-1), null);
  await scene.loop.close();
});

t.test('CallLoop: a write does not wait for a lock for ever, and nobody has to write for it to be seen', async (t) => {
  const scene = new Scene();
  scene.isLocked = true;
  await scene.call('write');
  await scene.passes(6_000);
  t.match(scene.answers, [{ kind: 'failed', problem: { code: 'STORE_UNAVAILABLE', message: /locked/ } }]);
  scene.isLocked = false;
  await scene.passes(LOOK_MS);
  t.equal(scene.obstacles.at(-1), null);
  scene.isLocked = true;
  await scene.passes(2 * LOOK_MS);
  t.match(scene.obstacles.at(-1), /locked/);
  await scene.loop.close();
});

t.test('CallLoop: a disk that took no write is an obstacle until it takes one', async (t) => {
  const scene = new Scene();
  scene.isFull = true;
  await scene.call('write');
  t.match(scene.answers, [{ kind: 'failed', problem: { code: 'NO_SPACE' } }]);
  t.match(scene.obstacles, [/disk is full/]);
  await scene.passes(3 * LOOK_MS);
  t.match(scene.obstacles.at(-1), /disk is full/);
  scene.isFull = false;
  await scene.passes(LOOK_MS);
  t.equal(scene.obstacles.at(-1), null);
  scene.freeBytes = 1_000;
  await scene.passes(LOOK_MS);
  t.match(scene.obstacles.at(-1), /disk of the database is full/, 'before anybody wrote');
  await scene.loop.close();
});

t.test('CallLoop: what waits for a lock at the end is refused', async (t) => {
  const scene = new Scene();
  scene.isLocked = true;
  await scene.call('write');
  await scene.loop.close();
  t.match(scene.answers, [{ kind: 'failed', problem: { code: 'STORE_UNAVAILABLE' } }]);
});
