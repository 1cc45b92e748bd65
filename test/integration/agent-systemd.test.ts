// What systemd hears from the agent, over a real notification socket and the real helper program.
import { spawn } from 'node:child_process';
import path from 'node:path';
import t from 'tap';
import { NotifySocket, whyNoNotifySocket } from '../support/notify-socket.ts';

const skip = whyNoNotifySocket();

/** The helper reads NOTIFY_SOCKET from the environment of the agent's process, so the notifier runs in one of its own. */
async function said(
  script: string,
  socket: NotifySocket,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const notifier = path.resolve('daemon/notifier.ts');
  const code = `import { createNotifier } from ${JSON.stringify(notifier)};
const problems = [];
const notifier = createNotifier({ env: process.env, pid: process.pid, onProblem: (text) => problems.push(text) });
${script}
await notifier.flushed();
console.log(JSON.stringify({ problems, watchdogMs: notifier.watchdogMs, pid: process.pid }));`;
  const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', code], {
    env: { ...process.env, NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '30000000' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString('utf8')));
  return await new Promise((resolve) => child.on('close', (exit) => resolve({ code: exit, output })));
}

t.test('notifier: READY, STATUS, WATCHDOG and STOPPING reach systemd in order', { skip }, async (t) => {
  const socket = await NotifySocket.listen();
  t.teardown(() => socket.close());

  const { output } = await said(
    `notifier.ready('enrolling');
     notifier.status('connected as a');
     notifier.status('connected as b');
     notifier.status('connected as b');
     notifier.alive();
     await notifier.flushed();
     notifier.stopping('stopping; the containers keep running');`,
    socket,
  );

  const { problems, watchdogMs } = JSON.parse(output) as { problems: string[]; watchdogMs: number };
  t.same(problems, []);
  t.equal(watchdogMs, 30_000);
  await socket.until((line) => line.includes('STOPPING=1'));
  const lines = socket.received.filter((line) => !line.startsWith('BARRIER'));
  t.match(lines, [/READY=1/, /STATUS=connected as b/, /WATCHDOG=1/, /STOPPING=1.*STATUS=stopping/]);
  t.equal(lines.length, 4, 'a status that was overtaken, or is the same, is not sent');
});

t.test('notifier: a socket that is gone is told once and stops nothing', { skip }, async (t) => {
  const socket = await NotifySocket.listen();
  await socket.close();

  const { code, output } = await said(`notifier.ready('a'); notifier.alive(); notifier.alive();`, socket);

  t.equal(code, 0);
  t.match(JSON.parse(output), { problems: [/^notify systemd: /] });
  t.equal((JSON.parse(output) as { problems: string[] }).problems.length, 1);
});
