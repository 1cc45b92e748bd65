// Two coordinators over one PostgreSQL: one leads, the other waits and takes over, whatever happens to the first.
import { randomBytes } from 'node:crypto';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { build } from 'esbuild';
import t from 'tap';
import type { Test } from 'tap';
import type { DeploymentView, EventView, HostView } from '../../../protocol/http-api/views.ts';
import { programs as built } from '../../../scripts/build/programs.ts';
import { anAppSpec, aPolicy, digest } from '../../support/app-builders.ts';
import { CoordinatorProcess } from '../../support/coordinator-process.ts';
import type { FakeAgent } from '../../support/fake-agent.ts';
import { pollUntil } from '../../support/poll-until.ts';
import { postgresForTests, PostgresServer } from '../../support/postgres-server.ts';
import { seededRandom } from '../../support/random.ts';

const { programs, skip } = postgresForTests();
const KILLS = 50;

let shared: Promise<PostgresServer> | null = null;
t.teardown(async () => (await shared)?.dispose());

interface DoctorView {
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly text: string }[];
}

interface Pair {
  readonly first: CoordinatorProcess;
  readonly second: CoordinatorProcess;
}

/** The first leads and the second waits. */
async function pairOf(t: Test, program?: readonly string[]): Promise<Pair> {
  const server = await (shared ??= PostgresServer.start(programs ?? ''));
  const environment = { DATABASE_URL: server.url(await server.makeDatabase()) };
  const first = await CoordinatorProcess.make(environment);
  const second = await CoordinatorProcess.make(environment);
  t.teardown(() => Promise.all([first.close(), second.close()]));
  if (program !== undefined) first.program = second.program = program;
  await first.start();
  for (const file of ['admin-token', 'secrets.key'])
    copyFileSync(path.join(first.directory, file), path.join(second.directory, file));
  await second.startStandby();
  return { first, second };
}

const statusOf = async (coordinator: CoordinatorProcess, route: string): Promise<number> =>
  (await fetch(`${coordinator.url}${route}`)).status;
const isReady = (coordinator: CoordinatorProcess): Promise<boolean> =>
  statusOf(coordinator, '/readyz').then(
    (status) => status === 200,
    () => false,
  );
const untilLeads = async (coordinator: CoordinatorProcess): Promise<void> => {
  await pollUntil(() => isReady(coordinator), Boolean, 60_000);
};

t.test('standby: it says what it is, and takes over when the other one ends', { skip }, async (t) => {
  const { first, second } = await pairOf(t);
  t.equal(await statusOf(second, '/healthz'), 200);
  const leader = first.url.replace('http://', '');
  const ready = await fetch(`${second.url}/readyz`);
  t.same([ready.status, await ready.json()], [503, { ok: false, reason: `standby: the coordinator ${leader} leads` }]);
  t.match(await (await fetch(`${second.url}/metrics`)).text(), /^longshore_coordinator_leader 0$/m);
  const refused = await fetch(`${second.url}/v1/hosts`);
  t.match([refused.status, await refused.json()], [503, { code: 'STANDBY', message: new RegExp(leader) }]);
  const { checks } = await first.call<DoctorView>('GET', '/v1/doctor');
  t.match(
    checks.find(({ name }) => name === 'standby'),
    { ok: true, text: `${leader} leads; ${second.url.replace('http://', '')} would take over` },
  );

  const agent = await first.enroll('host-a');
  await agent.connect();
  await first.end('SIGTERM');
  await untilLeads(second);
  t.equal((await second.call<{ items: HostView[] }>('GET', '/v1/hosts')).items.length, 1);
  await agent.connect(second.url.replace('http:', 'ws:'));
  await agent.close();

  await first.startStandby();
  t.equal(await first.end('SIGTERM'), 0, 'a standby ends at once when told');
});

t.test('standby: one that hangs loses its place, and ends when it goes on', { skip }, async (t) => {
  const { first, second } = await pairOf(t);
  first.signal('SIGSTOP');
  await untilLeads(second);
  await second.call('POST', '/v1/tokens', { name: 'made-by-the-second', role: 'viewer' });

  first.signal('SIGCONT');
  t.equal(await first.ended(), 5);
  t.match(first.output, /another coordinator has taken it meanwhile/);
  t.ok(await isReady(second), 'the second one goes on');
  await first.startStandby();
  t.equal(await statusOf(first, '/readyz'), 503);
});

t.test('standby: one that is not to begin waits at an empty database, and takes over later', { skip }, async (t) => {
  const server = await (shared ??= PostgresServer.start(programs ?? ''));
  const url = server.url(await server.makeDatabase());
  const first = await CoordinatorProcess.make({ DATABASE_URL: url });
  const second = await CoordinatorProcess.make();
  t.teardown(() => Promise.all([first.close(), second.close()]));
  // The key is one file for both, as it is one secret in the cloud.
  writeFileSync(path.join(second.directory, 'url'), url, { mode: 0o600 });
  const key = randomBytes(32).toString('base64');
  for (const { directory } of [first, second])
    writeFileSync(path.join(directory, 'secrets.key'), `${key}\n`, { mode: 0o600 });
  const config = path.join(second.directory, 'coordinator.yaml');
  writeFileSync(config, `database: { url_file: ${path.join(second.directory, 'url')}, begin: false }\n`);
  second.environment = { LONGSHORE_CONFIG: config };
  await second.startStandby();
  t.equal(await statusOf(second, '/readyz'), 503);
  await first.start();
  t.equal(await statusOf(second, '/readyz'), 503, 'the first one began');
  await first.end('SIGTERM');
  await untilLeads(second);
});

t.test('standby: without the key of the secrets it is none', { skip }, async (t) => {
  const server = await (shared ??= PostgresServer.start(programs ?? ''));
  const environment = { DATABASE_URL: server.url(await server.makeDatabase()) };
  const first = await CoordinatorProcess.start(environment);
  const second = await CoordinatorProcess.make(environment);
  t.teardown(() => Promise.all([first.close(), second.close()]));
  await t.rejects(
    second.startStandby(),
    /ended with 2:[^]*CONFIG_INVALID: stand by: the key of the secrets .* is missing/,
  );
  const stranger = await CoordinatorProcess.start();
  t.teardown(() => stranger.close());
  copyFileSync(path.join(stranger.directory, 'secrets.key'), path.join(second.directory, 'secrets.key'));
  await t.rejects(second.startStandby(), /ended with \d+:[^]*STATE_FILE_INVALID/);
  t.ok(await isReady(first));
});

const spec = anAppSpec({
  rollout: aPolicy({
    waves: [
      { kind: 'count', hosts: 1 },
      { kind: 'count', hosts: 2 },
    ],
  }),
});

t.test(
  'standby: leaders that die in the middle of deployments lose nothing and do nothing twice',
  { skip },
  async (t) => {
    const random = seededRandom(Number(process.env.LONGSHORE_SEED ?? 1));
    const pair = await pairOf(t, [await bundled()]);
    let { first: leader, second: standby } = pair;
    const agents: FakeAgent[] = [];
    for (const name of ['a', 'b', 'c']) agents.push(await leader.enroll(name));
    const stop = new AbortController();
    // As the real ones: the other address when this one is gone.
    const staying = agents.map(async (agent) => {
      while (!stop.signal.aborted) {
        const url = leader.url.replace('http:', 'ws:');
        await agent
          .connect(url)
          .then(() => agent.waitClosed())
          .catch(() => pause(20));
      }
    });
    t.teardown(async () => {
      stop.abort();
      for (const agent of agents) agent.terminate();
      await Promise.all(staying);
    });

    const made: string[] = [];
    for (let round = 0; round < KILLS; round += 1) {
      const letter = 'abcdef'[round % 6] ?? 'a';
      const { deployment } = await leader.call<{ deployment: DeploymentView }>('POST', '/v1/deployments', {
        spec,
        images: { web: digest(letter) },
      });
      made.push(deployment.id);
      // Somewhere within the deployment, or right after it.
      await pause(Math.floor(random() * 60));
      await leader.end('SIGKILL');
      [leader, standby] = [standby, leader];
      const restarted = standby.startStandby();
      await untilLeads(leader);
      const ended = await leader.callUntil<DeploymentView>(
        `/v1/deployments/${deployment.id}`,
        (found) => found.endedAt !== null,
      );
      if (ended.state !== 'succeeded') t.fail(`round ${round}: ${ended.state} ${JSON.stringify(ended.problem)}`);
      await restarted;
    }

    for (const id of made) {
      const { items } = await leader.call<{ items: EventView[] }>('GET', `/v1/events?deployment=${id}&limit=200`);
      const waves = items.filter(({ kind }) => kind === 'deployment.wave').length;
      const ends = items.filter(({ kind }) => kind === 'deployment.succeeded').length;
      if (waves > 3 || ends !== 1) t.fail(`${id}: ${waves} waves, ${ends} ends`);
    }
    for (const agent of agents) {
      const told = agent.attempts.map(({ deployment, attempt }) => `${deployment} ${attempt}`);
      t.equal(new Set(told).size, told.length, 'no attempt was begun twice');
      t.same([...new Set(agent.attempts.map(({ deployment }) => deployment))], made, 'and none is missing');
    }
    const { checks } = await leader.call<DoctorView>('GET', '/v1/doctor');
    t.match(
      checks.find(({ name }) => name === 'event log'),
      { ok: true },
    );
  },
);

/** Starts in a fraction of the time that the sources take. */
async function bundled(): Promise<string> {
  const program = built.find(({ output }) => output.endsWith('longshore-coordinator.mjs'));
  if (program === undefined) throw new Error('there is no program longshore-coordinator.mjs');
  const outfile = path.resolve(`.cache/tests/coordinator-${process.pid}.mjs`);
  await build({ ...program.options, sourcemap: false, entryPoints: [program.entry], outfile });
  t.teardown(() => rmSync(outfile, { force: true }));
  return outfile;
}
