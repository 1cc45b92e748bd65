/**
 * A host whose agent lost its data, and one that moves to another coordinator: nothing starts beside what runs until an
 * operator has spoken, and then the same containers and the same volume go on.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { engineForTests } from '../support/engine.ts';
import { pollUntil } from '../support/poll-until.ts';
import { startRealFleet } from '../support/real-fleet.ts';

const { skip } = await engineForTests();

/** Counts its starts in its volume. */
const SCRIPT = `const fs=require('fs'),f='/data/starts';fs.appendFileSync(f,'x');require('http').createServer((q,r)=>r.end('starts '+fs.readFileSync(f,'utf8'))).listen(8080);process.on('SIGTERM',()=>process.exit(0))`;

t.test('a host that enrols again keeps its containers and its data', { skip }, async (t) => {
  const fleet = await startRealFleet(t, {
    name: 'adopted-host',
    hostNames: ['home'],
    network: '10.226',
    ports: { registry: 5095, coordinator: 7660, ingress: 8341 },
  });
  const { agent } = fleet;
  const file = fleet.write(
    'compose.yaml',
    [
      'name: kept',
      'services:',
      '  db:',
      `    image: ${fleet.image}:1`,
      `    command: ${JSON.stringify(['node', '-e', SCRIPT])}`,
      '    user: root',
      '    volumes: [data:/data]',
      '    x-longshore: { ingress: { port: 8080 }, health: { http: { port: 8080, path: / } }, min_healthy_time: 100ms }',
      'volumes: { data: {} }',
      'x-longshore: { rollout: { monitor: 0s }, schedule: off }',
      '',
    ].join('\n'),
  );
  const deployed = await fleet.run('deploy', '-f', file);
  t.equal(deployed.exit, 0, deployed.output);
  t.same(await fleet.answers(), ['200 starts x']);
  const { id: host } = JSON.parse((await fleet.run('hosts', 'home', '--json')).output) as { id: string };
  const ofAgent = (kind: 'ps' | 'volume'): readonly string[] =>
    execFileSync(
      'docker',
      [
        ...(kind === 'ps' ? ['ps', '-aq'] : ['volume', 'ls', '-q']),
        '--filter',
        `label=longshore.data-dir=${agent.dataDir}`,
      ],
      { encoding: 'utf8' },
    )
      .split('\n')
      .filter((line) => line !== '')
      .sort();
  const [db] = ofAgent('ps').filter((id) => labelOf(id, 'longshore.app') === 'kept');
  const [ingress] = ofAgent('ps').filter((id) => id !== db);
  t.equal(ofAgent('ps').length, 2, 'the service and the ingress');
  t.equal(ofAgent('volume').length, 1);
  const newToken = async (): Promise<void> => {
    const { output } = await fleet.run('enroll-token', '--json');
    writeFileSync(agent.tokenFile, (JSON.parse(output) as { token: string }).token, { mode: 0o600 });
  };
  const holds = (condition: () => Promise<boolean>): Promise<boolean> => pollUntil(condition, Boolean, 60_000);
  const converged = async (): Promise<void> => {
    await holds(async () => {
      const { output } = await fleet.run('hosts', 'home', '--json');
      const found = JSON.parse(output) as { connected: boolean; converged: boolean };
      return found.connected && found.converged;
    });
    await holds(async () => (await fleet.answers())[0] === '200 starts x');
  };

  await t.test('the agent lost its data: it waits, and is adopted', async (t) => {
    await agent.stop();
    rmSync(agent.dataDir, { recursive: true });
    mkdirSync(agent.dataDir, { mode: 0o700 });
    await newToken();
    agent.start();
    await holds(() => Promise.resolve(agent.log().includes('FORMER_HOST')));

    t.equal(ofAgent('ps').length, 2, 'nothing starts beside what runs');
    t.match((await fleet.run('explain', 'home')).output, /asks to be it: machine home.*longshore hosts adopt home/s);
    t.match((await fleet.run('doctor')).output, /1 volume.*kept.*asks to be home/);
    const refused = await fleet.run('hosts', 'adopt', 'home');
    t.equal(refused.exit, 1, 'the key is named always');
    const [, key = ''] = /longshore hosts adopt home --key ([0-9a-f]{16})/.exec(refused.output) ?? [];
    t.match(agent.log(), key, 'the same key as in the log of the agent');
    const adopted = await fleet.run('hosts', 'adopt', 'home', '--key', key);
    t.equal(adopted.exit, 0, adopted.output);
    await converged();
    // The proxy had its configuration and its socket in the lost folder.
    await holds(() => Promise.resolve(ofAgent('ps').length === 2 && !ofAgent('ps').includes(ingress ?? '')));
    t.same(await fleet.answers(), ['200 starts x']);
    t.ok(ofAgent('ps').includes(db ?? ''), 'the same container');
    t.equal(ofAgent('volume').length, 1);
    t.match((await fleet.run('hosts', '--json')).output, host);
  });

  await t.test('another coordinator: `re-enrol` brings the host and its data there', async (t) => {
    await fleet.replaceCoordinator();
    await newToken();
    const ran = execFileSync(
      process.execPath,
      [
        path.resolve('dist/longshore-agent.cjs'),
        're-enrol',
        ...['--enroll-token-file', agent.tokenFile, '--config', agent.configFile],
      ],
      { encoding: 'utf8' },
    );
    t.match(ran, /the agent starts again/);
    await holds(async () => (await fleet.run('hosts', '--json')).output.includes(host));
    t.same(await fleet.answers(), ['200 starts x'], 'what runs goes on before it is deployed again');

    const again = await fleet.run('deploy', '-f', file);
    t.equal(again.exit, 0, again.output);
    await converged();
    t.equal(ofAgent('volume').length, 1, 'no second volume');
  });
});

function labelOf(container: string, label: string): string {
  const format = `{{index .Config.Labels "${label}"}}`;
  return execFileSync('docker', ['inspect', '--format', format, container], { encoding: 'utf8' }).trim();
}
