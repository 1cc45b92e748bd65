// Before a power-off: the local control socket, the command that uses it, and an agent as a process.
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { listenForControl } from '../../agent/power-off/control-socket.ts';
import { askToDrain } from '../../agent/power-off/drain-command.ts';
import type { Drained } from '../../agent/power-off/power-off.ts';
import { buildAgent, startAgent } from '../support/agent-process.ts';
import { engineForTests } from '../support/engine.ts';
import { FakeCoordinator } from '../support/fake-coordinator.ts';
import { refusal } from '../support/refusal.ts';

const { skip } = await engineForTests();
const built = await buildAgent();
t.teardown(() => built.remove());
async function folder(t: Test): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'longshore-drain-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

async function listening(t: Test, drain: (timeoutMs: number) => Promise<Drained>) {
  const dataDir = await folder(t);
  const warned: string[] = [];
  const say = (text: string): void => void warned.push(text);
  const log = { debug: say, info: say, warn: say, error: say };
  // What a killed agent left there is no obstacle.
  await writeFile(path.join(dataDir, 'control.sock'), '');
  const socket = await listenForControl({ dataDir, drain, restart: () => undefined, log });
  t.teardown(() => socket?.close());
  return { dataDir, file: path.join(dataDir, 'control.sock'), socket, warned, log };
}

t.test('control socket: asks the agent, for its own user only, and goes with it', async (t) => {
  const asked: number[] = [];
  const { dataDir, file, socket } = await listening(t, (timeoutMs) => {
    asked.push(timeoutMs);
    return Promise.resolve({ noted: true, left: 0 });
  });

  t.equal((await stat(file)).mode & 0o777, 0o600);
  t.same(await askToDrain(dataDir, 25_000), { noted: true, left: 0 });
  t.same(asked, [25_000]);
  await socket?.close();
  await t.rejects(askToDrain(dataDir, 1_000), refusal('UNREACHABLE', /no agent answers at .*control\.sock/));
});

t.test('control socket: what it does not know is refused, and a fault is told', async (t) => {
  const { dataDir, file } = await listening(t, () => Promise.reject(new Error('the ingress is gone')));
  const send = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = net.connect(file, () => socket.write(text));
      let answer = '';
      socket.on('data', (data) => (answer += data.toString()));
      socket.on('end', () => resolve(answer));
      socket.on('error', reject);
    });

  for (const junk of ['{}\n', 'x\n', '{"command":"drain","timeoutMs":-1}\n', '{"command":"exec"}\n', 'y'.repeat(5_000)])
    t.match(await send(junk), /"kind":"refused"/, junk.slice(0, 20));
  await t.rejects(askToDrain(dataDir, 1_000), refusal('UNREACHABLE', /the ingress is gone/));
});

t.test('control socket: a folder with too long a name is said, and the agent goes on without', async (t) => {
  const { log, warned } = await listening(t, () => Promise.resolve({ noted: false, left: 0 }));

  t.equal(
    await listenForControl({
      dataDir: `/tmp/${'x'.repeat(120)}`,
      drain: () => Promise.reject(new Error()),
      restart: () => undefined,
      log,
    }),
    null,
  );
  t.match(warned.at(-1), /longer than the 107 characters/);
});

t.test('drain: tells the coordinator, and ends well without one', { skip }, async (t) => {
  const dir = await folder(t);
  const data = path.join(dir, 'data');
  const coordinator = await FakeCoordinator.listen({
    enroll: () => ({ status: 200, body: { host: 'h-00000000000000aa', name: 'web-1', pool: null } }),
  });
  const { url } = coordinator;
  const args = ['--ingress', 'false', '--http-listen', 'off', '--name', 'web-1', '--data-dir', data];
  const agent = startAgent(built, [...args, '--coordinator', url], { LONGSHORE_ENROLL_TOKEN: 'tok' });
  const connection = await coordinator.session(0);
  await coordinator.message(connection, 'report');
  t.match(connection.hello?.boot, /^[0-9a-f-]{36}-\d+$/);
  const drain = () => startAgent(built, ['drain', '--timeout', '20', '--data-dir', data, '--coordinator', url]);

  const command = drain();
  await coordinator.message(connection, 'power-off');
  connection.send({ kind: 'power-off-noted' });

  t.equal(await command.ended, 0, command.output());
  t.match(command.output(), /^drained: the coordinator knows; no request is under way\n$/);
  agent.child.kill('SIGTERM');
  t.equal(await agent.ended, 0);

  await coordinator.close();
  const alone = startAgent(built, [...args, '--coordinator', url]);
  await alone.said(/UNREACHABLE/);
  const second = drain();
  t.equal(await second.ended, 0, second.output());
  t.match(second.output(), /is away and was not told/);
  alone.child.kill('SIGTERM');
  await alone.ended;
});

t.test('drain: without an agent, or with a wrong time, it says so', async (t) => {
  const dir = await folder(t);
  const common = ['--data-dir', path.join(dir, 'none'), '--coordinator', 'wss://ship.example.com'];
  const nobody = startAgent(built, ['drain', ...common]);
  const wrong = startAgent(built, ['drain', '--timeout', 'soon', ...common]);

  t.equal(await nobody.ended, 5);
  t.match(nobody.output(), /no agent answers at .*\[UNREACHABLE\]/);
  t.equal(await wrong.ended, 2);
  t.match(wrong.output(), /--timeout soon is not a number of seconds/);
});

t.test('control: a socket file that cannot be removed holds up neither the beginning nor the end', async (t) => {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'longshore-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const file = path.join(dataDir, 'control.sock');
  const warned: string[] = [];
  const none = (): void => undefined;
  const options = {
    dataDir,
    drain: () => Promise.reject(new Error('unused')),
    restart: none,
    log: { debug: none, info: none, error: none, warn: (text: string) => void warned.push(text) },
  };

  const socket = await listenForControl(options);
  await rm(file);
  await mkdir(file);
  await socket?.close();
  t.equal(await listenForControl(options), null);
  t.match(warned, [/no local control/]);
});
