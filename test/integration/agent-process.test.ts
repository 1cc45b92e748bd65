// The agent as a process: wrong input, enrolment, one agent a data directory, and its end. The engine is the real one
// where a test needs one; no container is made.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { enrollRequestSchema } from '../../protocol/enroll.ts';
import { buildAgent, startAgent } from '../support/agent-process.ts';
import { engineForTests } from '../support/engine.ts';
import { FakeCoordinator } from '../support/fake-coordinator.ts';

const HOST = 'h-00000000000000aa';
const { skip } = await engineForTests();
const built = await buildAgent();
t.teardown(() => built.remove());
interface Place {
  readonly dir: string;
  readonly coordinator: FakeCoordinator;
  readonly args: readonly string[];
}

async function place(
  t: Test,
  enroll: NonNullable<Parameters<typeof FakeCoordinator.listen>[0]>['enroll'],
): Promise<Place> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'longshore-agent-'));
  const coordinator = await FakeCoordinator.listen(enroll === undefined ? {} : { enroll });
  t.teardown(async () => {
    await coordinator.close();
    await rm(dir, { recursive: true, force: true });
  });
  const data = path.join(dir, 'data');
  const common = ['--ingress', 'false', '--http-listen', 'off', '--name', 'web-1'];
  return { dir, coordinator, args: ['--coordinator', coordinator.url, '--data-dir', data, ...common] };
}

const welcome = () => ({ status: 200, body: { host: HOST, name: 'web-1', pool: null } });

t.test('agent: wrong configuration is exit code 2 and names every mistake', async (t) => {
  const { dir } = await place(t, undefined);
  const file = path.join(dir, 'agent.yaml');
  await writeFile(file, 'coordinator: ws://10.0.0.1\ncolour: red\nlog_level: loud\n');
  const agent = startAgent(built, ['--config', file]);

  t.equal(await agent.ended, 2);
  t.match(agent.output(), /CONFIG_INVALID/);
  t.match(agent.output(), /colour \(line 2, column 1\): is not a setting/);
  t.match(agent.output(), /log_level \(line 3, column 1\)/);
});

t.test('agent: help and version need no configuration', async (t) => {
  const help = startAgent(built, ['--help']);
  const version = startAgent(built, ['--version']);

  t.equal(await help.ended, 0);
  t.match(help.output(), /--coordinator +LONGSHORE_COORDINATOR/);
  t.equal(await version.ended, 0);
  t.match(version.output(), /^longshore-agent \d+\.\d+\.\d+/);
});

t.test('agent: an engine that is not there is waited for, and ending still works', async (t) => {
  const { args } = await place(t, welcome);
  const agent = startAgent(built, [...args, '--docker-socket', '/nonexistent/docker.sock']);

  await agent.said(/ENGINE_UNAVAILABLE/);
  agent.child.kill('SIGTERM');

  t.equal(await agent.ended, 0);
});

t.test('agent: a refused token is exit code 6 with a hint', { skip }, async (t) => {
  const refusal = {
    code: 'TOKEN_EXPIRED',
    message: 'the token expired',
    hint: 'Make a new one with `longshore enroll-token`.',
  };
  const { args } = await place(t, () => ({ status: 403, body: refusal }));
  const agent = startAgent(built, args, { LONGSHORE_ENROLL_TOKEN: 'tok-secret' });

  t.equal(await agent.ended, 6);
  t.match(agent.output(), /the token expired \[TOKEN_EXPIRED\]\n +Make a new one/);
  t.notMatch(agent.output(), 'tok-secret');
});

t.test('agent: enrols once, connects, and ends cleanly; a restart needs no token', { skip }, async (t) => {
  const { dir, coordinator, args } = await place(t, welcome);
  const token = path.join(dir, 'token');
  await writeFile(token, 'tok-1\n');
  const first = startAgent(built, [...args, '--label', 'zone=a'], { LONGSHORE_ENROLL_TOKEN_FILE: token });
  const connection = await coordinator.session(0);

  const request = enrollRequestSchema.parse(coordinator.enrollments[0]);
  t.match(request, { token: 'tok-1', name: 'web-1', labels: { zone: 'a' }, platform: /^linux\// });
  t.match(connection.hello, {
    host: HOST,
    order: { epoch: 0, generation: 0, hash: '' },
    labels: { zone: 'a' },
    ingress: null,
  });
  t.match(await coordinator.message(connection, 'report'), { seq: 1, full: true, apps: {} });
  t.notOk(existsSync(token), 'a token that was used is removed');
  first.child.kill('SIGTERM');
  t.equal(await first.ended, 0);
  t.match(connection.closed, { code: 1001 });

  const second = startAgent(built, args);
  const again = await coordinator.session(1);
  t.equal(again.hello?.host, HOST);
  t.not(again.hello?.process, connection.hello?.process);
  t.equal(coordinator.enrollments.length, 1);
  const third = startAgent(built, args);
  t.equal(await third.ended, 2, 'another agent with the same data');
  t.match(third.output(), /another agent of this machine uses it/);
  second.child.kill('SIGINT');
  t.equal(await second.ended, 0);
});

t.test('agent: keeps an assignment before it says so, and says what it holds after SIGKILL', { skip }, async (t) => {
  const { dir, coordinator, args } = await place(t, welcome);
  const first = startAgent(built, args, { LONGSHORE_ENROLL_TOKEN: 'tok' });
  const connection = await coordinator.session(0);
  const assignment = { host: HOST, epoch: 1, generation: 5, entries: [] } as never;

  connection.send({ kind: 'assignment', assignment, hash: 'hash-5' });
  t.match(await coordinator.message(connection, 'assignment-ack'), { epoch: 1, generation: 5, hash: 'hash-5' });
  t.match(await readFile(path.join(dir, 'data', 'state', 'assignment.json'), 'utf8'), /hash-5/);
  first.child.kill('SIGKILL');
  t.equal(await first.ended, 'SIGKILL');

  const second = startAgent(built, args);
  const again = await coordinator.session(1);
  t.match(again.hello?.order, { epoch: 1, generation: 5, hash: 'hash-5' });
  again.send({
    kind: 'assignment',
    assignment: { host: HOST, epoch: 1, generation: 4, entries: [] } as never,
    hash: 'old',
  });
  t.match(await coordinator.message(again, 'assignment-refused'), {
    generation: 4,
    problem: { message: /older than 1\/5/ },
  });
  again.send({ kind: 'assignment', assignment, hash: 'other' });
  t.match(await coordinator.message(again, 'assignment-refused', ({ generation }) => generation === 5), {
    problem: { message: /other content/ },
  });
  again.send({
    kind: 'assignment',
    assignment: { host: 'h-00000000000000bb', epoch: 9, generation: 9, entries: [] } as never,
    hash: 'x',
  });
  t.match(await coordinator.message(again, 'assignment-refused', ({ generation }) => generation === 9), {
    problem: { message: /is for host/ },
  });
  second.child.kill('SIGTERM');
  t.equal(await second.ended, 0);
});
