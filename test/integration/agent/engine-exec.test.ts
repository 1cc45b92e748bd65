// Commands and output of real containers: what the fake cannot show (processes, terminals, backpressure).
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { systemClock } from '../../../agent/clock.ts';
import { killExecProcess } from '../../../agent/engine/kill-exec-process.ts';
import { engineForTests, needed } from '../../support/engine.ts';
import { aPlan, realScene, type Conduct, type EngineScene } from '../../support/engine-scenes.ts';
import { pollUntil } from '../../support/poll-until.ts';
import type { InstanceId } from '../../../fleet/ids.ts';
import type { ServiceSpec } from '../../../fleet/app-spec.ts';

const { engine: machine, skip } = await engineForTests();
const never = new AbortController().signal;

const text = (data: Uint8Array): string => new TextDecoder().decode(data);

async function running(
  t: Test,
  conduct: Conduct = 'runs',
  spec: Partial<ServiceSpec> = {},
): Promise<{ scene: EngineScene; instance: InstanceId }> {
  const scene = realScene(needed(machine));
  t.teardown(() => scene.close());
  const image = await scene.offer(conduct);
  const { imageId } = await scene.engine.pullImage(image, () => undefined, never);
  const plan = aPlan(scene, image, imageId, { spec });
  await scene.engine.create(plan);
  await scene.engine.start(plan.instance);
  return { scene, instance: plan.instance };
}

/** Processes of this machine whose command line holds the words. */
function processes(words: string): readonly string[] {
  return execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(words));
}

t.test('exec: a command out of time is a TIMEOUT, and its process is gone', { skip }, async (t) => {
  const { scene, instance } = await running(t);
  const mark = `sleep 7${Math.floor(Math.random() * 1e6)}`;

  await t.rejects(scene.engine.exec(instance, mark.split(' '), 300, never), { code: 'TIMEOUT', message: /300 ms/ });

  t.same(
    await pollUntil(
      async () => processes(mark),
      (found) => found.length === 0,
    ),
    [],
  );
});

t.test('exec: called off, it rejects as aborted and its process is gone', { skip }, async (t) => {
  const { scene, instance } = await running(t);
  const mark = `sleep 8${Math.floor(Math.random() * 1e6)}`;
  const stop = new AbortController();
  const call = scene.engine.exec(instance, mark.split(' '), 60_000, stop.signal);
  await pollUntil(
    async () => processes(mark).length,
    (count) => count > 0,
  );

  stop.abort();

  await t.rejects(call, { name: 'AbortError' });
  await pollUntil(
    async () => processes(mark).length,
    (count) => count === 0,
  );
});

t.test('exec: of much output the first 4 KiB are kept, of both outputs', { skip }, async (t) => {
  const { scene, instance } = await running(t);

  const much = await scene.engine.exec(instance, ['sh', '-c', 'head -c 1000000 /dev/zero | tr "\\0" x'], 10_000, never);
  const both = await scene.engine.exec(instance, ['sh', '-c', 'echo out; echo err >&2; exit 7'], 10_000, never);

  t.equal(much.output.length, 4_096);
  t.equal(much.exitCode, 0);
  t.equal(both.exitCode, 7);
  t.match(both.output, /out/);
  t.match(both.output, /err/);
});

t.test('exec: a program that is not there is an answer, not a fault', { skip }, async (t) => {
  const { scene, instance } = await running(t);

  const result = await scene.engine.exec(instance, ['no-such-program'], 10_000, never);

  t.match(result, { exitCode: /^12[67]$/ });
  t.match(result.output, /no-such-program/);
});

t.test('openExec: input goes in, output comes out, the exit code is told', { skip }, async (t) => {
  const { scene, instance } = await running(t);
  const heard = { 1: '', 2: '' };
  const onChunk = async (fd: 1 | 2, data: Uint8Array): Promise<void> => void (heard[fd] += text(data));
  const options = { tty: false, columns: 80, rows: 24 };
  const command = ['sh', '-c', 'read line; echo "got $line"; echo bad >&2; exit 5'];
  const session = await scene.engine.openExec(instance, command, options, onChunk, never);

  await session.write(Buffer.from('hello\n'));

  t.equal(await session.exitCode, 5);
  t.same(heard, { 1: 'got hello\n', 2: 'bad\n' });
});

t.test('openExec: a program that cannot be started is said as a shell says it', { skip }, async (t) => {
  const { scene, instance } = await running(t);
  const run = async (command: readonly string[], tty: boolean) => {
    const output = { 1: '', 2: '' };
    const onChunk = async (fd: 1 | 2, data: Uint8Array): Promise<void> => {
      output[fd] += Buffer.from(data).toString();
    };
    const options = { tty, columns: 80, rows: 24 };
    const session = await scene.engine.openExec(instance, command, options, onChunk, never);
    return { code: await session.exitCode, ...output };
  };

  for (const tty of [false, true])
    t.same(await run(['nosuchprog'], tty), { code: 127, 1: '', 2: 'nosuchprog: command not found\n' });
  t.match(await run(['/etc'], false), { code: 126, 1: '', 2: /^\/etc: .*(permission denied|is a directory)\n$/i });
  const own = await run(['sh', '-c', 'echo "OCI runtime exec failed: not really"; exit 3'], false);
  t.same(own, { code: 3, 1: 'OCI runtime exec failed: not really\n', 2: '' });
});

t.test('openExec: end() closes the input', { skip }, async (t) => {
  const { scene, instance } = await running(t);
  let heard = '';
  const onChunk = async (_fd: 1 | 2, data: Uint8Array): Promise<void> => void (heard += text(data));
  const session = await scene.engine.openExec(
    instance,
    ['wc', '-c'],
    { tty: false, columns: 80, rows: 24 },
    onChunk,
    never,
  );

  await session.write(Buffer.from('12345'));
  session.end();

  t.equal(await session.exitCode, 0);
  t.equal(heard.trim(), '5');
});

t.test('openExec: a terminal has the size that was asked for, also after a change', { skip }, async (t) => {
  const { scene, instance } = await running(t);
  let heard = '';
  const onChunk = async (_fd: 1 | 2, data: Uint8Array): Promise<void> => void (heard += text(data));
  const session = await scene.engine.openExec(instance, ['sh'], { tty: true, columns: 91, rows: 31 }, onChunk, never);

  await session.write(Buffer.from('stty size\n'));
  await pollUntil(
    async () => heard,
    (all) => all.includes('31 91'),
  );
  await session.resize(101, 41);
  await session.write(Buffer.from('stty size; exit 3\n'));

  t.equal(await session.exitCode, 3);
  t.match(heard, /41 101/);
});

t.test('openExec: aborting ends it at once, and the command with it', { skip }, async (t) => {
  const { scene, instance } = await running(t);
  const mark = `sleep 9${Math.floor(Math.random() * 1e6)}`;
  const stop = new AbortController();
  const options = { tty: false, columns: 80, rows: 24 };
  const session = await scene.engine.openExec(instance, mark.split(' '), options, async () => undefined, stop.signal);
  await pollUntil(
    async () => processes(mark).length,
    (count) => count > 0,
  );

  stop.abort();

  t.equal(await session.exitCode, null);
  // The signal was sent; the kernel takes the process away when it comes to it.
  await pollUntil(
    async () => processes(mark),
    (left) => left.length === 0,
  );
});

t.test('readLogs: follows until the container ends', { skip }, async (t) => {
  const { scene, instance } = await running(t, 'prints and runs');
  let heard = '';
  const onChunk = async (_fd: 1 | 2, data: Uint8Array): Promise<void> => void (heard += text(data));
  const reading = scene.engine.readLogs(instance, { follow: true, tail: null, sinceMs: null }, onChunk, never);
  await pollUntil(
    async () => heard,
    (all) => all === 'one\ntwo\nthree\n',
  );

  await scene.engine.stop(instance, 0);

  await reading;
  t.equal(heard, 'one\ntwo\nthree\n');
});

for (const tty of [false, true]) {
  const kind = tty ? 'with a terminal' : 'without a terminal';
  t.test(`readLogs: run after run of a crash loop is read whole and once, ${kind}`, { skip }, async (t) => {
    // A line that the engine cuts, one without an end, and one on the other output; then it crashes.
    const script = `n=$(cat /tmp/n 2>/dev/null || echo 0); echo $((n+1)) > /tmp/n
      echo "run $n"; head -c 40000 /dev/zero | tr '\\0' x; echo; echo "to stderr $n" >&2; printf "end $n"; exit 1`;
    const { scene, instance } = await running(t, 'prints and runs', { tty, command: ['sh', '-c', script] });
    let heard = '';
    const onChunk = async (_fd: 1 | 2, data: Uint8Array): Promise<void> => void (heard += text(data));
    let after: string | null = null;
    for (let run = 0; run < 4; run += 1) {
      if (run > 0) await scene.engine.start(instance);
      after = await scene.engine.readLogs(instance, { follow: true, tail: null, sinceMs: null, after }, onChunk, never);
      await pollUntil(
        async () => (await scene.engine.observe(never)).containers.find((each) => each.instance === instance)?.state,
        (state) => state === 'exited',
      );
      // What its output's end came too late for.
      after =
        (await scene.engine.readLogs(instance, { follow: true, tail: null, sinceMs: null, after }, onChunk, never)) ??
        after;
    }
    const plain = heard.replaceAll('\r', '');
    t.match(after, /^\d{4}-/);
    t.notMatch(plain, /\dT\d\d:/, 'no moment is left in it');
    t.equal(plain.replaceAll(/[^x]/g, '').length, 160_000);
    for (let run = 0; run < 4; run += 1) {
      for (const line of [`run ${run}`, `to stderr ${run}`, `end ${run}`])
        t.equal(plain.split(line).length - 1, 1, `${line}: once`);
    }
  });
}

t.test('readLogs: aborting ends it', { skip }, async (t) => {
  const { scene, instance } = await running(t, 'prints and runs');
  const stop = new AbortController();
  const reading = scene.engine.readLogs(
    instance,
    { follow: true, tail: 1, sinceMs: null },
    async () => stop.abort(),
    stop.signal,
  );

  await reading;
  t.ok(stop.signal.aborted);
});

t.test('readLogs: since leaves out what is older', { skip }, async (t) => {
  const { scene, instance } = await running(t, 'prints and runs');
  let heard = '';
  const onChunk = async (_fd: 1 | 2, data: Uint8Array): Promise<void> => void (heard += text(data));
  const read = (sinceMs: number): Promise<string | null> =>
    scene.engine.readLogs(instance, { follow: false, tail: null, sinceMs }, onChunk, never);
  await pollUntil(
    async () => {
      heard = '';
      await read(0);
      return heard;
    },
    (all) => all === 'one\ntwo\nthree\n',
  );

  heard = '';
  await read(Date.now() + 3_600_000);
  t.equal(heard, '');
});

t.test('readLogs: a container with a terminal is read as it is', { skip }, async (t) => {
  const { scene, instance } = await running(t, 'prints and runs', { tty: true });
  let heard = '';
  const onChunk = async (_fd: 1 | 2, data: Uint8Array): Promise<void> => void (heard += text(data));

  await pollUntil(
    async () => {
      heard = '';
      await scene.engine.readLogs(instance, { follow: false, tail: null, sinceMs: null }, onChunk, never);
      return heard;
    },
    (all) => all === 'one\r\ntwo\r\nthree\r\n',
  );
  t.pass('no frame was looked for');
});

t.test('readLogs: a slow reader holds the source back, and loses nothing', { skip }, async (t) => {
  const { scene, instance } = await running(t);
  const command = ['sh', '-c', 'head -c 8000000 /dev/zero; echo done'];
  let open = 0;
  let most = 0;
  let bytes = 0;
  const onChunk = async (_fd: 1 | 2, data: Uint8Array): Promise<void> => {
    open += 1;
    most = Math.max(most, open);
    bytes += data.length;
    await new Promise((resolve) => setImmediate(resolve));
    open -= 1;
  };

  const session = await scene.engine.openExec(instance, command, { tty: false, columns: 80, rows: 24 }, onChunk, never);

  t.equal(await session.exitCode, 0);
  t.equal(bytes, 8_000_005);
  t.equal(most, 1, 'one chunk at a time');
});

t.test('killExecProcess: a command whose start the engine still notes is waited for', { skip }, async (t) => {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  // As the engine answers between the fork and its own note of the number. Every control group has a colon in its line.
  const numbers = [0, 0, child.pid ?? 0];
  const exec = { inspect: async () => ({ Running: true, Pid: numbers.shift() ?? 0, ContainerID: ':' }) };

  t.equal(await killExecProcess(exec, systemClock), true);

  t.same(await ended, [null, 'SIGKILL']);
});
