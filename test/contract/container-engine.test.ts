// The engine port, held over the fake and the real Docker Engine: what the reconciler relies on is true of both.
import t, { type Test } from 'tap';
import type { ContainerEngine, ContainerObservation, NetworkObservation } from '../../agent/engine/container-engine.ts';
import type { VolumeSpec } from '../../fleet/app-spec.ts';
import { LongshoreError, type ErrorCode } from '../../fleet/errors.ts';
import type { Digest, InstanceId } from '../../fleet/ids.ts';
import { digest as digestOf } from '../support/app-builders.ts';
import { engineForTests, needed } from '../support/engine.ts';
import {
  addressIn,
  anInstanceId,
  aPlan,
  fakeScene,
  realScene,
  theApp,
  type EngineScene,
  type OfferedImage,
} from '../support/engine-scenes.ts';
import { freePort } from '../support/free-port.ts';
import { pollUntil } from '../support/poll-until.ts';

const { engine: machine, skip } = await engineForTests();
const never = new AbortController().signal;
const volume: VolumeSpec = { external: false, name: null, driver: null, driverOpts: {}, labels: {} };

const stages = [
  { name: 'fake engine', skip: false as const, open: fakeScene },
  { name: 'Docker Engine', skip, open: () => realScene(needed(machine)) },
];

for (const stage of stages) {
  const story = (title: string, run: (t: Test, scene: EngineScene) => Promise<void>): void => {
    void t.test(`${stage.name}: ${title}`, { skip: stage.skip }, async (t) => {
      const scene = stage.open();
      t.teardown(() => scene.close());
      await run(t, scene);
    });
  };

  story('describes itself', async (t, { engine }) => {
    const seen = await engine.describe(never);

    t.match(seen, { version: /\d/, apiVersion: /^1\.\d+$/, platform: /^linux\//, rootDir: /^\// });
  });

  story('a created container is seen with all that its plan says, and does not run', async (t, scene) => {
    const { image, imageId } = await pulled(scene, 'runs');
    const network = await aNetwork(scene);
    const address = addressIn(network.subnet, 5);
    const plan = aPlan(scene, image, imageId, { network: network.name, address, slot: 1, replica: 2 });

    const engineId = await scene.engine.create(plan);

    t.match(await seen(scene.engine, plan.instance), {
      engineId,
      instance: plan.instance,
      app: theApp,
      service: 'web',
      replica: 2,
      slot: 1,
      hash: plan.service.hash,
      release: 7,
      deployment: plan.deployment,
      attempt: 2,
      imageId,
      recordedImageId: imageId,
      digest: image.digest,
      state: 'created',
      exitCode: null,
      oomKilled: false,
      restartPolicy: 'no',
      restartCount: 0,
      startedAtMs: null,
      finishedAtMs: null,
      address,
      aliases: [],
      links: {},
      engineHealth: 'none',
      engineHealthDetail: null,
      stopGraceMs: plan.service.spec.stopGraceMs,
      ports: {},
    });
  });

  story('a create that is repeated, also by the next life of the agent, finds the same container', async (t, scene) => {
    const { image, imageId } = await pulled(scene, 'runs');
    const plan = aPlan(scene, image, imageId);

    const first = await scene.engine.create(plan);

    t.equal(await scene.engine.create(plan), first);
    t.equal(await scene.reopen().create(plan), first);
    t.equal((await scene.engine.observe(never)).containers.length, 1);
  });

  story('start, stop and remove may each be repeated', async (t, scene) => {
    const { image, imageId } = await pulled(scene, 'runs');
    const plan = aPlan(scene, image, imageId);
    await scene.engine.create(plan);

    await scene.engine.start(plan.instance);
    await scene.engine.start(plan.instance);
    const running = await seen(scene.engine, plan.instance);
    t.match(running, { state: 'running', exitCode: null, startedAtMs: Number });

    await scene.engine.stop(plan.instance, 1_000);
    await scene.engine.stop(plan.instance, 1_000);
    t.match(await seen(scene.engine, plan.instance), { state: 'exited', exitCode: Number, finishedAtMs: Number });

    await scene.engine.remove(plan.instance);
    await scene.engine.remove(plan.instance);
    await scene.engine.stop(plan.instance, 1_000);
    t.same((await scene.engine.observe(never)).containers, []);
  });

  story('a stopped container starts again as the same one', async (t, scene) => {
    const { image, imageId } = await pulled(scene, 'runs');
    const plan = aPlan(scene, image, imageId);
    const engineId = await scene.engine.create(plan);
    await scene.engine.start(plan.instance);
    await scene.engine.stop(plan.instance, 0);

    await scene.engine.start(plan.instance);

    t.match(await seen(scene.engine, plan.instance), { engineId, state: 'running', exitCode: null });
  });

  story('a container that ends by itself shows its exit code and stays', async (t, scene) => {
    const { image, imageId } = await pulled(scene, 'exits with 3');
    const plan = aPlan(scene, image, imageId);
    await scene.engine.create(plan);
    await scene.engine.start(plan.instance);

    const ended = await pollUntil(
      () => seen(scene.engine, plan.instance),
      (each) => each?.state === 'exited',
    );

    t.match(ended, { exitCode: 3, restartPolicy: 'no', restartCount: 0 });
  });

  story('the restart policy of a running container can be changed', async (t, scene) => {
    const { image, imageId } = await pulled(scene, 'runs');
    const plan = aPlan(scene, image, imageId);
    await scene.engine.create(plan);
    await scene.engine.start(plan.instance);

    await scene.engine.setRestart(plan.instance, { name: 'unless-stopped', maxAttempts: 0 });

    t.match(await seen(scene.engine, plan.instance), { restartPolicy: 'unless-stopped', state: 'running' });
    await rejects(
      t,
      scene.engine.setRestart('i-ffffffffffff' as InstanceId, { name: 'no', maxAttempts: 0 }),
      'NOT_FOUND',
    );
  });

  story('names are given and taken with the address kept, and doing so again changes nothing', async (t, scene) => {
    const { image, imageId } = await pulled(scene, 'runs');
    const network = await aNetwork(scene);
    const address = addressIn(network.subnet, 5);
    const plan = aPlan(scene, image, imageId, { network: network.name, address });
    await scene.engine.create(plan);
    await scene.engine.start(plan.instance);

    const www = { aliases: ['web', 'www'], links: { api: 'other' } };
    await scene.engine.setNames(plan.instance, network.name, address, www);
    await scene.engine.setNames(plan.instance, network.name, address, www);
    t.match(await seen(scene.engine, plan.instance), {
      aliases: ['web', 'www'],
      links: { api: 'other' },
      address,
      state: 'running',
    });

    await scene.engine.setNames(plan.instance, network.name, address, { aliases: [], links: {} });
    t.match(await seen(scene.engine, plan.instance), { aliases: [], links: {}, address, state: 'running' });
  });

  story('a stopped container outlives its network: connected to the one made again, it starts', async (t, scene) => {
    const { image, imageId } = await pulled(scene, 'runs');
    const network = await aNetwork(scene);
    const plan = aPlan(scene, image, imageId, { network: network.name, address: addressIn(network.subnet, 5) });
    await scene.engine.create(plan);
    await scene.engine.start(plan.instance);
    t.match(await seen(scene.engine, plan.instance), { networkId: network.id });
    await scene.engine.stop(plan.instance, 0);
    await scene.engine.removeNetwork(theApp);

    const again = await scene.engine.ensureNetwork(theApp, network.subnet);
    t.not(again.id, network.id);
    await rejects(t, scene.engine.start(plan.instance), 'NOT_FOUND');

    const address = addressIn(network.subnet, 7);
    await scene.engine.setNames(plan.instance, network.name, address, { aliases: ['web'], links: {} });
    await scene.engine.start(plan.instance);
    t.match(await seen(scene.engine, plan.instance), {
      networkId: again.id,
      address,
      aliases: ['web'],
      state: 'running',
    });
  });

  story('a plan with names has them from the start', async (t, scene) => {
    const { image, imageId } = await pulled(scene, 'runs');
    const network = await aNetwork(scene);
    const plan = aPlan(scene, image, imageId, {
      network: network.name,
      address: addressIn(network.subnet, 5),
      names: { aliases: ['web'], links: { api: 'i-00000000000b' } },
    });
    await scene.engine.create(plan);
    await scene.engine.start(plan.instance);

    t.match(await seen(scene.engine, plan.instance), { ...plan.names, state: 'running' });
  });

  story('two running containers cannot have one host port', async (t, scene) => {
    const { image, imageId } = await pulled(scene, 'runs');
    const network = await aNetwork(scene);
    const spec = {
      ports: [{ container: 80, host: await freePort(), hostIp: null, protocol: 'tcp' as const }],
    };
    const planAt = (number: number): ReturnType<typeof aPlan> =>
      aPlan(scene, image, imageId, { network: network.name, address: addressIn(network.subnet, number), spec });
    const [first, second] = [planAt(5), planAt(6)];
    await scene.engine.create(first);
    await scene.engine.create(second);

    await scene.engine.start(first.instance);
    t.match(await seen(scene.engine, first.instance), { ports: { 80: spec.ports[0]?.host } });
    await rejects(t, scene.engine.start(second.instance), 'PORT_IN_USE');

    await scene.engine.stop(first.instance, 0);
    await scene.engine.start(second.instance);
    t.match(await seen(scene.engine, second.instance), { state: 'running' });
  });

  story('two running containers cannot have one address', async (t, scene) => {
    const { image, imageId } = await pulled(scene, 'runs');
    const network = await aNetwork(scene);
    const fields = { network: network.name, address: addressIn(network.subnet, 5) };
    const [first, second] = [aPlan(scene, image, imageId, fields), aPlan(scene, image, imageId, fields)];
    await scene.engine.create(first);
    await scene.engine.create(second);
    await scene.engine.start(first.instance);

    await rejects(t, scene.engine.start(second.instance), 'ADDRESS_IN_USE');
  });

  story('what is missing is refused at creation or start, and named', async (t, scene) => {
    const { image, imageId } = await pulled(scene, 'runs');
    const gone = `sha256:${'e'.repeat(64)}`;

    await rejects(t, scene.engine.create(aPlan(scene, image, gone)), 'IMAGE_NOT_FOUND');
    await rejects(t, scene.engine.start('i-ffffffffffff' as InstanceId), 'NOT_FOUND');
    const nowhere = aPlan(scene, image, imageId, { network: 'no-such-network', address: '10.251.1.5' });
    await t.rejects(
      scene.engine.create(nowhere).then(() => scene.engine.start(nowhere.instance)),
      LongshoreError,
    );
  });

  story('a network is made once, adopted after, and its subnet cannot be had twice', async (t, scene) => {
    const made = await aNetwork(scene);

    t.same(await scene.reopen().ensureNetwork(theApp, scene.subnet()), made, 'the real subnet is answered');
    t.same((await scene.engine.observe(never)).networks, [made]);
    const { engine: other } = scene.neighbour();
    await rejects(t, other.ensureNetwork(theApp, made.subnet), 'CONFLICT');

    await scene.engine.removeNetwork(theApp);
    await scene.engine.removeNetwork(theApp);
    t.same((await scene.engine.observe(never)).networks, []);
  });

  story('volumes are made once, seen, and removed; an external one must exist', async (t, scene) => {
    const name = await scene.engine.ensureVolume(theApp, 'data', volume);

    t.equal(await scene.reopen().ensureVolume(theApp, 'data', volume), name);
    t.same((await scene.engine.observe(never)).volumes, [
      { app: theApp, volume: 'data', name, driver: 'local', options: {} },
    ]);
    t.equal(await scene.engine.ensureVolume(theApp, 'shared', { ...volume, external: true, name }), name);
    await rejects(
      t,
      scene.engine.ensureVolume(theApp, 'no-such-volume-here', { ...volume, external: true }),
      'NOT_FOUND',
    );

    await scene.engine.removeVolume(theApp, 'data', null);
    await scene.engine.removeVolume(theApp, 'data', null);
    t.same((await scene.engine.observe(never)).volumes, []);
  });

  story('a volume keeps its definition, and one that is gone is not made by a container', async (t, scene) => {
    const { image, imageId } = await pulled(scene, 'runs');
    const name = `longshore-test-${scene.host}`;
    const tmpfs = { ...volume, name, driverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' } };
    t.equal(await scene.engine.ensureVolume(theApp, 'data', tmpfs), name);
    t.match((await scene.engine.observe(never)).volumes, [{ name, driver: 'local', options: { o: 'size=1m' } }]);
    const larger = { ...tmpfs, driverOpts: { ...tmpfs.driverOpts, o: 'size=2m' } };
    await rejects(t, scene.engine.ensureVolume(theApp, 'data', larger), 'VOLUME_CHANGED');

    await scene.engine.removeVolume(theApp, 'data', null);
    const mounts = [{ kind: 'volume', volume: 'data', target: '/d', readOnly: false }] as const;
    const plan = aPlan(scene, image, imageId, { volumes: { data: name }, spec: { mounts } });
    await rejects(t, scene.engine.create(plan), 'VOLUME_MISSING');
    t.same((await scene.engine.observe(never)).volumes, []);
  });

  story('what a container has written outlives it, also where nobody named the volume', async (t, scene) => {
    const image = await scene.offer('declares the volume /data');
    const { imageId, volumes } = await scene.engine.pullImage(image, () => undefined, never);
    t.same(volumes, ['/data']);
    const before = aPlan(scene, image, imageId);
    await scene.engine.create(before);
    const anonymous = (await seen(scene.engine, before.instance))?.volumes['/data'] ?? '';
    t.match(anonymous, /^[0-9a-f]{64}$/);

    await scene.engine.remove(before.instance);
    const taken = aPlan(scene, image, imageId, { imageVolumes: { '/data': anonymous } });
    await scene.engine.create(taken);
    t.same((await seen(scene.engine, taken.instance))?.volumes, { '/data': anonymous }, 'it is taken over by its name');

    await scene.engine.remove(taken.instance);
    const name = await scene.engine.ensureVolume(theApp, 'web:/data', volume);
    const named = aPlan(scene, image, imageId, { imageVolumes: { '/data': name } });
    await scene.engine.create(named);
    t.same((await seen(scene.engine, named.instance))?.volumes, { '/data': name });

    await scene.engine.remove(named.instance);
    await scene.engine.removeVolume(theApp, 'web:/data', anonymous);
    t.same((await scene.engine.observe(never)).volumes, []);
    if (stage.name === 'Docker Engine')
      // The fake does not keep count of anonymous volumes.
      await rejects(t, scene.engine.create({ ...taken, instance: anInstanceId() }), 'VOLUME_MISSING');
  });

  story('an image is pulled by digest, found, held, and gone when the last hold is released', async (t, scene) => {
    const image = await scene.offer('runs');
    t.equal(await scene.engine.findImage(image), null);

    const heard: number[] = [];
    const facts = await scene.engine.pullImage(image, ({ layers }) => heard.push(layers), never);
    t.same(await scene.engine.findImage(image), facts);
    t.ok(heard.length > 0, 'progress was told');

    await scene.engine.holdImage(facts.imageId, theApp, 'Web-', 1);
    await scene.engine.holdImage(facts.imageId, theApp, 'Web-', 1);
    await scene.engine.holdImage(facts.imageId, theApp, 'Web-', 2);
    const held = [...(await scene.engine.heldImages())].sort((a, b) => a.release - b.release);
    t.match(held, [
      { app: theApp, service: 'Web-', release: 1, imageId: facts.imageId, createdAtMs: Number },
      { app: theApp, service: 'Web-', release: 2, imageId: facts.imageId, createdAtMs: Number },
    ]);

    for (const each of held.slice(0, 1)) await scene.engine.releaseImage(each);
    t.same(await scene.engine.findImage(image), facts, 'still held');
    for (const each of held) await scene.engine.releaseImage(each);
    t.equal(await scene.engine.findImage(image), null);
    t.same(await scene.engine.heldImages(), []);
  });

  story('an image that another host holds stays when one lets go', async (t, scene) => {
    const { image, imageId } = await pulled(scene, 'runs');
    const other = scene.neighbour();
    await scene.engine.holdImage(imageId, theApp, 'web', 1);
    t.ok(await other.engine.findImage(image));
    await other.engine.holdImage(imageId, theApp, 'web', 4);

    for (const held of await scene.engine.heldImages()) await scene.engine.releaseImage(held);
    t.ok(await other.engine.findImage(image), 'the other one still has it');

    for (const held of await other.engine.heldImages()) await other.engine.releaseImage(held);
    t.equal(await other.engine.findImage(image), null);
  });

  story('an image in use is not taken from its container', async (t, scene) => {
    const { image, imageId } = await pulled(scene, 'runs');
    await scene.engine.holdImage(imageId, theApp, 'web', 1);
    const plan = aPlan(scene, image, imageId);
    await scene.engine.create(plan);
    await scene.engine.start(plan.instance);

    for (const held of await scene.engine.heldImages()) await scene.engine.releaseImage(held);
    await scene.engine.stop(plan.instance, 0);
    await scene.engine.start(plan.instance);

    t.match(await seen(scene.engine, plan.instance), { state: 'running', imageId });
  });

  story('a pull of what the registry does not have, and one that is called off, say so', async (t, scene) => {
    const image = await scene.offer('runs');
    const other: OfferedImage = { ...image, digest: digestOf('e') satisfies Digest };

    await rejects(
      t,
      scene.engine.pullImage(other, () => undefined, never),
      'IMAGE_NOT_FOUND',
    );
    await t.rejects(
      scene.engine.pullImage(image, () => undefined, AbortSignal.abort()),
      { name: 'AbortError' },
    );
  });

  story('one host never sees or changes what another one has', async (t, scene) => {
    const { image, imageId } = await pulled(scene, 'runs');
    const plan = aPlan(scene, image, imageId);
    await scene.engine.create(plan);
    await scene.engine.start(plan.instance);
    await aNetwork(scene);
    await scene.engine.ensureVolume(theApp, 'data', volume);
    const { engine: other } = scene.neighbour();

    await other.stop(plan.instance, 0);
    await other.remove(plan.instance);
    await other.removeNetwork(theApp);
    await other.removeVolume(theApp, 'data', null);

    t.same(await other.observe(never), { containers: [], networks: [], volumes: [] });
    t.match(await seen(scene.engine, plan.instance), { state: 'running' });
    const mine = await scene.reopen().observe(never);
    t.equal(mine.networks.length, 1);
    t.equal(mine.volumes.length, 1);
  });

  story('a command answers with its exit code and output', async (t, scene) => {
    const { image, imageId } = await pulled(scene, 'runs');
    const plan = aPlan(scene, image, imageId);
    await scene.engine.create(plan);
    await scene.engine.start(plan.instance);

    t.same(await scene.engine.exec(plan.instance, ['echo', 'hello'], 30_000, never), {
      exitCode: 0,
      output: 'hello\n',
    });
    t.match(await scene.engine.exec(plan.instance, ['sh', '-c', 'false'], 30_000, never), { exitCode: 1 });
    await scene.engine.stop(plan.instance, 0);
    await rejects(t, scene.engine.exec(plan.instance, ['true'], 30_000, never), 'CONFLICT');
  });

  story('input that a command does not read is no error: its exit code counts', async (t, scene) => {
    const { image, imageId } = await pulled(scene, 'runs');
    const plan = aPlan(scene, image, imageId);
    await scene.engine.create(plan);
    await scene.engine.start(plan.instance);
    const size = { tty: false, columns: 80, rows: 24 };
    const command = ['sh', '-c', 'false'];

    const stream = await scene.engine.openExec(plan.instance, command, size, () => Promise.resolve(), never);
    // More than the engine's socket and the command's pipe hold.
    const under = stream.write(Buffer.alloc(3_000_000));
    t.equal(await stream.exitCode, 1);
    await under;
    await stream.write(Buffer.from('too late'));
    stream.end();
  });

  story('output can be read: all of it, or its end', async (t, scene) => {
    const { image, imageId } = await pulled(scene, 'prints and runs');
    const plan = aPlan(scene, image, imageId);
    await scene.engine.create(plan);
    await scene.engine.start(plan.instance);

    await pollUntil(
      () => logs(scene.engine, plan.instance, null),
      (text) => text === 'one\ntwo\nthree\n',
    );
    t.equal(await logs(scene.engine, plan.instance, 1), 'three\n');
  });

  story('tells of changes until it is told to stop', async (t, scene) => {
    const { image, imageId } = await pulled(scene, 'runs');
    const plan = aPlan(scene, image, imageId);
    let heard = 0;
    const stop = new AbortController();
    const watching = scene.engine.watch(() => (heard += 1), stop.signal);
    await scene.engine.create(plan);

    // The stream may begin after the first create: start and stop until something was heard.
    await pollUntil(
      async () => {
        await scene.engine.start(plan.instance);
        await scene.engine.stop(plan.instance, 0);
        return heard;
      },
      (count) => count > 0,
    );
    stop.abort();

    await watching;
    t.ok(heard > 0);
  });
}

async function pulled(
  scene: EngineScene,
  conduct: Parameters<EngineScene['offer']>[0],
): Promise<{ image: OfferedImage; imageId: string }> {
  const image = await scene.offer(conduct);
  const { imageId } = await scene.engine.pullImage(image, () => undefined, never);
  return { image, imageId };
}

/** Other tests use this machine's engine too: a taken subnet is passed over, as the agent does. */
async function aNetwork(scene: EngineScene): Promise<NetworkObservation> {
  for (;;) {
    try {
      return await scene.engine.ensureNetwork(theApp, scene.subnet());
    } catch (error) {
      if (!(error instanceof LongshoreError) || error.code !== 'CONFLICT') throw error;
    }
  }
}

async function seen(engine: ContainerEngine, instance: InstanceId): Promise<ContainerObservation | undefined> {
  return (await engine.observe(never)).containers.find((each) => each.instance === instance);
}

async function logs(engine: ContainerEngine, instance: InstanceId, tail: number | null): Promise<string> {
  let text = '';
  const onChunk = async (_fd: 1 | 2, data: Uint8Array): Promise<void> => {
    text += new TextDecoder().decode(data);
  };
  await engine.readLogs(instance, { follow: false, tail, sinceMs: null }, onChunk, never);
  return text;
}

async function rejects(t: Test, call: Promise<unknown>, code: ErrorCode): Promise<void> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  t.match(error, { code }, `${code}${error instanceof Error ? ` (${error.message})` : ''}`);
}
