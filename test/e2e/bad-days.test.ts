/**
 * The first bad days of an app, on a whole real fleet: what is wrong is said with operation, object and hint, and the
 * good release serves on every host all the while.
 */
import { createServer } from 'node:http';
import { once } from 'node:events';
import t from 'tap';
import { engineForTests } from '../support/engine.ts';
import { pollUntil } from '../support/poll-until.ts';
import { startRealFleet, type RealFleet } from '../support/real-fleet.ts';

const { skip } = await engineForTests();

/** An app file whose one service runs this script. */
function appFile(
  fleet: RealFleet,
  script: string,
  more: { image?: string; minHealthy?: string; deadline?: string } = {},
): string {
  return fleet.write(
    'compose.yaml',
    [
      'name: days',
      'services:',
      '  web:',
      `    image: ${more.image ?? `${fleet.image}:1`}`,
      `    command: ${JSON.stringify(['node', '-e', script])}`,
      '    stop_grace_period: 2s',
      '    x-longshore:',
      '      ingress: { port: 8080 }',
      '      health: { http: { port: 8080, path: / } }',
      `      min_healthy_time: ${more.minHealthy ?? '200ms'}`,
      `      healthy_deadline: ${more.deadline ?? '60s'}`,
      'x-longshore:',
      '  rollout: { waves: [1, 100%], monitor: 0s }',
      '  schedule: off',
      '',
    ].join('\n'),
  );
}

const serve = (text: string, status = 200, more = ''): string =>
  `require('http').createServer((q,r)=>{r.statusCode=${status};r.end('${text}')}).listen(8080);${more}process.on('SIGTERM',()=>process.exit(0))`;

t.test('bad days: each is named, and the good release serves on', { skip }, async (t) => {
  const fleet = await startRealFleet(t, {
    name: 'bad-days',
    hostNames: ['north', 'south'],
    network: '10.221',
    ports: { registry: 5090, coordinator: 7600, ingress: 8281 },
  });
  const good = await fleet.run('deploy', '-f', appFile(fleet, serve('good')));
  t.equal(good.exit, 0, good.output);
  const stillGood = async (): Promise<void> => {
    t.same(await fleet.answers(), ['200 good', '200 good']);
  };
  await stillGood();

  await t.test('an image that does not exist', async (t) => {
    const ran = await fleet.run('deploy', '-f', appFile(fleet, serve('x'), { image: `${fleet.image}:nothere` }));
    t.equal(ran.exit, 2, ran.output);
    t.match(ran.output, /IMAGE_NOT_FOUND: .*nothere[\s\S]*hint: /);
    await stillGood();
  });

  await t.test('a registry that is down', async (t) => {
    const ran = await fleet.run('deploy', '-f', appFile(fleet, serve('x'), { image: '127.0.0.1:9/app:1' }));
    t.equal(ran.exit, 1, ran.output);
    t.match(ran.output, /REGISTRY_UNAVAILABLE: .*127\.0\.0\.1:9\/app:1[\s\S]*hint: /);
    await stillGood();
  });

  await t.test('a registry that denies', async (t) => {
    const denying = createServer((_request, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="closed"' }).end();
    }).listen(0, '127.0.0.1');
    t.teardown(() => denying.close());
    await once(denying, 'listening');
    const address = denying.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const ran = await fleet.run('deploy', '-f', appFile(fleet, serve('x'), { image: `127.0.0.1:${port}/app:1` }));
    t.equal(ran.exit, 1, ran.output);
    t.match(ran.output, /REGISTRY_DENIED: [\s\S]*hint: .*longshore secrets registry/);
    await stillGood();
  });

  await t.test('a container that exits at once', async (t) => {
    const ran = await fleet.run('deploy', '-f', appFile(fleet, "console.error('no config found');process.exit(3)"));
    t.equal(ran.exit, 3, ran.output);
    t.match(ran.output, /CONTAINER_EXITED: [\s\S]*no config found/, 'with its last words');
    await stillGood();
  });

  await t.test('a container that never gets healthy', async (t) => {
    const ran = await fleet.run('deploy', '-f', appFile(fleet, serve('warming up', 503), { deadline: '10s' }));
    t.equal(ran.exit, 3, ran.output);
    t.match(ran.output, /NEVER_HEALTHY: [\s\S]*503/);
    await stillGood();
  });

  await t.test('a container that gets healthy and crashes inside min_healthy_time', async (t) => {
    const script = serve('short', 200, 'setTimeout(()=>{console.error("out of luck");process.exit(1)},1500);');
    const ran = await fleet.run('deploy', '-f', appFile(fleet, script, { minHealthy: '10s' }));
    t.equal(ran.exit, 3, ran.output);
    t.match(ran.output, /(UNHEALTHY_IN_GATE|CONTAINER_EXITED): [\s\S]*out of luck/);
    await stillGood();
  });

  await t.test('a coordinator that is killed in the middle goes on where it was', async (t) => {
    const file = appFile(fleet, serve('better'), { minHealthy: '10s' });
    const running = fleet.run('deploy', '-f', file);
    await pollUntil(
      () => fleet.run('status', 'days'),
      (status) => /web\/1 is|gat|start/.test(status.output) && status.output.includes('rolling'),
      60_000,
    );
    fleet.killCoordinator();
    await fleet.restartCoordinator();
    const ran = await running;
    t.equal(ran.exit, 0, ran.output);
    t.same(await fleet.answers(), ['200 better', '200 better']);
  });

  await t.test('and back again with one command', async (t) => {
    const ran = await fleet.run('rollback', 'days');
    t.equal(ran.exit, 0, ran.output);
    t.same(await fleet.answers(), ['200 good', '200 good']);
  });

  await t.test('a host that is removed is not ready any more, and what it serves goes on', async (t) => {
    const [north = '', south = ''] = fleet.urls;
    const ready = async (url: string): Promise<number> => (await fetch(`${url}/.longshore/ready/days`)).status;
    t.same([await ready(north), await ready(south)], [200, 200]);
    const ran = await fleet.run('hosts', 'remove', 'south', '--yes');
    t.equal(ran.exit, 0, ran.output);
    t.equal(
      await pollUntil(
        () => ready(south),
        (status) => status === 503,
        60_000,
      ),
      503,
    );
    t.equal((await fetch(`${south}/.longshore/ready`)).status, 503);
    t.same(await fleet.answers(), ['200 good', '200 good']);
    t.equal(await ready(north), 200);
  });
});
