/** Docker is restarted in the middle of a deployment: the deployment ends well, and exactly one instance a host is left. */
import t from 'tap';
import { engineForTests, needed } from '../support/engine.ts';
import { pollUntil } from '../support/poll-until.ts';
import { startPrivateEngine } from '../support/private-engine.ts';
import { startRealFleet, type RealFleet } from '../support/real-fleet.ts';

const { engine, skip } = await engineForTests();

/** Told to stop, it takes nothing new and ends a while later: its probes fail before its end is seen. */
function appFile(fleet: RealFleet, text: string): string {
  const script = `const s=require('http').createServer((q,r)=>r.end('${text}')).listen(8080);process.on('SIGTERM',()=>{s.close();setTimeout(()=>process.exit(0),1500)})`;
  return fleet.write(
    'compose.yaml',
    `name: restarts
services:
  web:
    image: ${fleet.image}:1
    command: ${JSON.stringify(['node', '-e', script])}
    stop_grace_period: 5s
    healthcheck: { interval: 200ms, retries: 2 }
    x-longshore:
      ingress: { port: 8080 }
      health: { http: { port: 8080, path: / } }
      min_healthy_time: 10s
      healthy_deadline: 60s
x-longshore:
  rollout: { waves: [100%], monitor: 0s }
  schedule: off
`,
  );
}

t.test('docker restarted in the middle of a deployment', { skip }, async (t) => {
  const own = await startPrivateEngine(t, needed(engine).docker);
  process.env.DOCKER_HOST = `unix://${own.socket}`;
  const fleet = await startRealFleet(t, {
    name: 'engine-restart',
    hostNames: ['east', 'west'],
    network: '10.222',
    ports: { registry: 5095, coordinator: 7700, ingress: 8381 },
    settings: [`docker_socket: ${own.socket}`],
  });
  const first = await fleet.run('deploy', '-f', appFile(fleet, 'one'));
  t.equal(first.exit, 0, first.output);
  t.same(await fleet.answers(), ['200 one', '200 one']);

  const running = fleet.run('deploy', '-f', appFile(fleet, 'two'));
  await pollUntil(
    () => fleet.run('status', 'restarts'),
    (status) => /must stay so|is starting/.test(status.output),
    60_000,
  );
  await own.restart();

  const second = await running;
  t.equal(second.exit, 0, second.output);
  const answers = await pollUntil(
    () => fleet.answers(),
    (all) => all.every((answer) => answer === '200 two'),
    60_000,
  );
  t.same(answers, ['200 two', '200 two']);
  const left = await pollUntil(
    () => own.docker.listContainers({ all: true, filters: { label: ['longshore.app=restarts'] } }),
    (containers) => containers.length === 2,
    60_000,
  );
  t.same(
    left.map((container) => container.State),
    ['running', 'running'],
    'one instance a host, nothing stray',
  );
});
