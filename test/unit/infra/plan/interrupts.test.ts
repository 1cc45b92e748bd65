import t from 'tap';
import { createInterrupts } from '../../../../infra/plan/interrupts.ts';
import { runProgram } from '../../../../infra/plan/run-program.ts';

t.test('interrupts: each signal is counted and passed on to whoever listens', (t) => {
  const handlers: (() => void)[] = [];
  const interrupts = createInterrupts({ on: (_signal, listener) => handlers.push(listener) });
  let heard = 0;
  const unsubscribe = interrupts.subscribe(() => (heard += 1));

  for (const handler of handlers) handler();
  t.equal(heard, 3);
  unsubscribe();
  handlers[0]?.();
  t.equal(heard, 3);
  t.equal(interrupts.count(), 4);
  t.end();
});

t.test('runProgram: what it said and how it ended; one that is not there has no code', async (t) => {
  const call = { args: [], folder: '.', variables: process.env, output: 'keep' as const };
  const quiet = { subscribe: () => () => undefined };

  const end = await runProgram({ ...call, program: 'sh', args: ['-c', 'echo out; echo err >&2; exit 3'] }, quiet);
  t.same(end, { code: 3, stdout: 'out\n', stderr: 'err\n' });
  t.equal((await runProgram({ ...call, program: './no-such-program' }, quiet)).code, null);
});

t.test('runProgram: a signal reaches the program, which ends in its own way', async (t) => {
  const listeners: (() => void)[] = [];
  const interrupts = {
    subscribe: (listener: () => void) => {
      listeners.push(listener);
      return () => undefined;
    },
  };
  const script =
    'process.on("SIGINT", () => { console.log("tidied"); process.exit(7); }); setInterval(() => {}, 1000); console.log("up");';
  const ended = runProgram(
    {
      program: process.execPath,
      args: ['-e', `${script} process.kill(process.ppid, "SIGWINCH");`],
      folder: '.',
      variables: process.env,
      output: 'keep',
    },
    interrupts,
  );
  // The program tells that it is ready to be interrupted.
  await new Promise<void>((resolve) => process.once('SIGWINCH', () => resolve()));
  listeners[0]?.();

  t.same(await ended, { code: 7, stdout: 'up\ntidied\n', stderr: '' });
});
