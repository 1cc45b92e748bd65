// Programs whose output cannot be written: a full disk, and a reader that went away.
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { buildAgent } from '../support/agent-process.ts';
import { freePort } from '../support/free-port.ts';
import { pollUntil } from '../support/poll-until.ts';

const FULL = '/dev/full';
const skip = existsSync(FULL) ? false : 'there is no /dev/full';
function folder(t: Test): string {
  const made = mkdtempSync(path.join(tmpdir(), 'longshore-log-'));
  t.teardown(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A descriptor that every write fails on for want of space. */
function fullDisk(t: Test): number {
  const descriptor = openSync(FULL, 'w');
  t.teardown(() => closeSync(descriptor));
  return descriptor;
}

function start(t: Test, args: readonly string[], stdio: StdioOptions, environment: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(process.execPath, args, { stdio, env: environment });
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

/** What it says on the way there cannot be written. */
async function answers(child: ChildProcess, port: number): Promise<void> {
  const ask = async (): Promise<string> => {
    if (child.exitCode !== null || child.signalCode !== null) return `ended with ${child.exitCode ?? child.signalCode}`;
    return await fetch(`http://127.0.0.1:${port}/`).then(
      () => 'answers',
      () => 'silent',
    );
  };
  const found = await pollUntil(ask, (answer) => answer !== 'silent', 60_000);
  if (found !== 'answers') throw new Error(found);
}

async function endsBy(child: ChildProcess, signal: NodeJS.Signals): Promise<unknown> {
  const ended = once(child, 'exit');
  child.kill(signal);
  return (await ended)[0];
}

t.test('the coordinator works on while its log is on a full disk, and ends as it is told', { skip }, async (t) => {
  const port = await freePort();
  const args = ['--import=tsx', 'coordinator/main.ts', '--data-dir', folder(t), '--listen', `127.0.0.1:${port}`];
  const child = start(t, args, ['ignore', fullDisk(t), fullDisk(t)], process.env);

  await answers(child, port);

  t.equal(await endsBy(child, 'SIGTERM'), 0);
});

for (const reason of ['a full disk', 'a reader that went away'] as const) {
  t.test(`the agent works on while its log meets ${reason}, and ends as it is told`, { skip }, async (t) => {
    const built = await buildAgent();
    t.teardown(() => built.remove());
    const port = await freePort();
    const args = [built.file, '--coordinator', 'ws://127.0.0.1:1', '--data-dir', path.join(folder(t), 'data')];
    args.push('--http-listen', `127.0.0.1:${port}`, '--docker-socket', '/nonexistent/docker.sock');
    const stderr = reason === 'a full disk' ? fullDisk(t) : 'pipe';
    const child = start(t, args, ['ignore', 'ignore', stderr], { PATH: process.env.PATH, HOME: process.env.HOME });
    child.stderr?.destroy();

    await answers(child, port);

    t.equal(await endsBy(child, 'SIGTERM'), 0);
  });
}

t.test('longshore: a reader of stderr that went away does not change how a verb ends', async (t) => {
  let refuse: () => void = () => undefined;
  const server = createServer((_request, response) => {
    refuse = () => {
      const problem = { code: 'FORBIDDEN', message: 'not for viewers', hint: 'Ask an admin.', details: [] };
      response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify(problem));
    };
    server.emit('asked');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const asked = once(server, 'asked');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const environment = { PATH: process.env.PATH, HOME: folder(t), LONGSHORE_URL: url, LONGSHORE_TOKEN: 'tok' };
  const child = start(t, ['--import=tsx', 'cli/main.ts', 'hosts'], ['ignore', 'pipe', 'pipe'], environment);
  const ended = once(child, 'exit');

  await asked;
  child.stderr?.destroy();
  if (child.stderr !== null) await once(child.stderr, 'close');
  refuse();

  t.equal((await ended)[0], 6);
});
