import t from 'tap';
import { AddressRate } from '../../../coordinator/http/address-rate.ts';
import { clientAddress } from '../../../coordinator/http/client-address.ts';
import type { AgentMessageOf } from '../../../protocol/agent-messages.ts';
import { helloProof } from '../../../protocol/agent-messages.ts';
import { CLOSE } from '../../../protocol/agent-messages.ts';
import { FRAME_LIMIT_BYTES } from '../../../protocol/version.ts';
import { fakeIdentity } from '../../support/fake-identity.ts';
import { anAppReport, appName, hostId } from '../../support/app-builders.ts';
import { HubWorld } from '../../support/hub-world.ts';
import type { EnrolledHost } from '../../support/hub-world.ts';
import { pollUntil } from '../../support/poll-until.ts';

const FIRST = { limit: 10, after: null, app: null, deployment: null, order: 'oldest' } as const;

// One coordinator for all: its database's thread is what takes time to start.
const world = await HubWorld.open();
t.teardown(() => world.close());

const isConnected = (host: EnrolledHost): boolean => world.hub.connectedHosts().includes(host.row.id);

t.test('hub: greets a host that proves its key, and knows it from then on', async (t) => {
  const host = await world.enroll('greeted');
  const agent = world.agent(host);

  const welcome = await agent.connect();

  t.match(welcome, { protocol: 1, name: 'greeted', heartbeatMs: 10_000 });
  t.ok(isConnected(host));
  await world.until(() => (world.hub.live(host.row.id)?.status === 'fake' ? true : null));
  t.equal(world.hub.live(host.row.id)?.connected, true);
});

t.test('hub: an assignment is acked, counted when committed, and not sent again after a reconnect', async (t) => {
  const host = await world.enroll('host-2');
  const agent = world.agent(host);
  await agent.connect();
  await world.waitFor((await world.deploy([host])).id);
  const order = await world.until(() => world.hub.live(host.row.id)?.acked ?? null);
  t.same((await world.store.host({ id: host.row.id }))?.acked, order);

  await agent.close();
  await world.until(() => (isConnected(host) ? null : true));
  await agent.connect();
  await world.until(() => (world.hub.live(host.row.id)?.status === 'fake' ? true : null));
  const changes = await world.deploy([host]);
  await world.waitFor(changes.id);

  const orders = agent.received.flatMap((message) =>
    message.kind === 'assignment' ? [message.assignment.generation] : [],
  );
  t.ok(
    orders.every((generation) => generation > order.generation),
    'only newer ones came',
  );
});

t.test('hub: refuses who cannot prove the key, and says why', async (t) => {
  const host = await world.enroll('host-3');
  const other = fakeIdentity();

  const wrongKey = world.agent({ ...host, identity: other });
  await t.rejects(wrongKey.connect(), { message: 'SIGNATURE_INVALID' });
  t.equal((await wrongKey.waitClosed()).code, CLOSE.refused);

  const unknown = world.agent({ ...host, row: { ...host.row, id: hostId(99) } });
  await t.rejects(unknown.connect(), { message: 'IDENTITY_UNKNOWN' });

  const elsewhere = world.agent(host, {
    hello: (hello) => ({
      ...hello,
      signature: host.identity.sign(
        helloProof({ audience: 'wss://elsewhere', nonce: 'x'.repeat(20), host: hello.host, process: hello.process }),
      ),
    }),
  });
  await t.rejects(elsewhere.connect(), { message: 'SIGNATURE_INVALID' });
  t.notOk(isConnected(host));
});

t.test('hub: a hello that was overheard opens nothing on another connection', async (t) => {
  const host = await world.enroll('host-4');
  let overheard: AgentMessageOf<'hello'> | null = null;
  await world
    .agent(host, {
      hello: (hello) => {
        overheard = hello;
        return hello;
      },
    })
    .connect();

  const replaying = world.agent(host, { process: 'another-process', hello: (hello) => overheard ?? hello });

  await t.rejects(replaying.connect(), { message: 'SIGNATURE_INVALID' });
});

t.test('hub: a registry credential that was removed while its host was away is taken back', async (t) => {
  const host = await world.enroll('host-with-credential');
  const agent = world.agent(host, { hello: (hello) => ({ ...hello, registries: ['old.example:5000'] }) });
  await agent.connect();

  t.same(await agent.waitFor('registry-credential'), {
    kind: 'registry-credential',
    registry: 'old.example:5000',
    sealed: null,
  });
});

t.test(
  'hub: the credential of a registry comes before the assignment that needs it, once, and is taken back',
  async (t) => {
    const [need, value] = [new Set<string>(), { sealed: 'b25l' }];
    const world = await HubWorld.open({
      hub: {
        sealed: {
          secrets: async () => ({ items: [], missing: [] }),
          registryCredentials: async (_host, isHeld) => ({
            needed: [...need],
            items: [...need].filter((registry) => !isHeld(registry)).map((registry) => ({ registry, ...value })),
          }),
        },
      },
    });
    t.teardown(() => world.close());
    const host = await world.enroll('pulling');
    const agent = world.agent(host);
    await agent.connect();
    const said = (): readonly string[] =>
      agent.received.flatMap((message) => {
        if (message.kind === 'assignment') return ['assignment'];
        return message.kind === 'registry-credential' ? [`${message.registry} ${message.sealed ?? 'gone'}`] : [];
      });
    const heard = (count: number) =>
      pollUntil(
        async () => said().length,
        (length) => length >= count,
      );
    await agent.waitFor('assignment');
    t.same(said(), ['assignment'], 'it runs nothing yet');

    need.add('r.test');
    world.hub.assignmentsChanged([host.row.id]);
    await heard(2);
    t.equal(said()[1], 'r.test b25l');
    value.sealed = 'dHdv';
    world.hub.assignmentsChanged([host.row.id]);
    world.hub.secretsChanged([host.row.id]);
    await pollUntil(
      async () => said(),
      (all) => all.includes('r.test dHdv'),
    );
    t.equal(said().filter((text) => text === 'r.test b25l').length, 1, 'what it has is not sent again');
    need.clear();
    world.hub.assignmentsChanged([host.row.id]);
    await pollUntil(
      async () => said(),
      (all) => all.includes('r.test gone'),
    );
  },
);

t.test('hub: a second hello on one connection ends it', async (t) => {
  const host = await world.enroll('host-5');
  const hellos: AgentMessageOf<'hello'>[] = [];
  const agent = world.agent(host, {
    hello: (made) => {
      hellos.push(made);
      return made;
    },
  });
  await agent.connect();
  for (const hello of hellos) agent.send(hello);

  t.equal((await agent.waitClosed()).code, CLOSE.invalidFrame);
});

t.test('hub: what an agent says of its labels later selects nothing, and is told once', async (t) => {
  const host = await world.enroll('host-labels');
  const events = async (): Promise<readonly string[]> =>
    (await world.store.listEvents({ ...FIRST, kind: 'host.labels-wanted', host: host.row.id })).items.map(
      ({ text }) => text,
    );
  const labels = { tier: 'prod' };
  const says = async (): Promise<void> => {
    const agent = world.agent(host, { hello: (made) => ({ ...made, labels }) });
    await agent.connect();
    agent.terminate();
    await agent.waitClosed();
  };
  await says();
  await says();
  t.same((await world.store.host({ id: host.row.id }))?.labels, {});
  t.match(await events(), [/longshore hosts label host-labels tier=prod$/]);

  await world.store.patchHost({ id: host.row.id, availability: null, name: null, labels, events: [] });
  await says();
  t.equal((await events()).length, 1, 'an operator has said so');
});

t.test('hub: labels of a hello that are none are left out, and the host stays', async (t) => {
  const host = await world.enroll('host-odd-labels');
  const agent = world.agent(host, {
    hello: (made) => ({ ...made, labels: { disk: 'ssd', 'a b': 'x', tier: 'a\u001b[2J' } }),
  });
  await agent.connect();

  const text = await world.until(async () => {
    const { items } = await world.store.listEvents({ ...FIRST, kind: 'host.labels-wanted', host: host.row.id });
    return items[0]?.text ?? null;
  });
  t.match(text, /\(disk=ssd\)/);
});

t.test('hub: a removed host is told so at once, and at each later try', async (t) => {
  const host = await world.enroll('host-6');
  const agent = world.agent(host);
  await agent.connect();

  await world.store.removeHost({ id: host.row.id, at: Date.now(), events: [] });
  world.hub.hostRemoved(host.row.id);

  t.equal((await agent.waitClosed()).code, CLOSE.removed);
  t.match(await agent.waitFor('refused').catch(() => agent.received.at(-1)), { problem: { code: 'HOST_REMOVED' } });
  await t.rejects(world.agent(host).connect(), { message: 'HOST_REMOVED' });
  t.equal(world.hub.live(host.row.id), null);
});

t.test('hub: a protocol of another version is refused with both ranges', async (t) => {
  const host = await world.enroll('host-7');
  const agent = world.agent(host, { hello: (hello) => ({ ...hello, protocol: { min: 7, max: 9 } }) });

  await t.rejects(agent.connect(), { message: 'PROTOCOL_VERSION' });
  t.match(agent.received.at(-1), { problem: { message: /7 to 9.*1 to 1/ } });
});

t.test('hub: two agents with one identity: the second is refused while the first answers', async (t) => {
  const host = await world.enroll('host-8');
  const first = world.agent(host, { process: 'process-one' });
  await first.connect();
  const second = world.agent(host, { process: 'process-two' });

  await t.rejects(second.connect(), { message: 'IDENTITY_IN_USE' });

  t.equal(first.connected, true);
  const events = await world.until(async () => {
    const { items } = await world.store.listEvents({
      limit: 10,
      after: null,
      app: null,
      host: host.row.id,
      kind: 'host.refused',
      deployment: null,
      order: 'newest',
    });
    return items.length > 0 ? items : null;
  });
  t.match(events[0]?.text, /another agent with its identity/);

  first.terminate();
  await world.until(() => (isConnected(host) ? null : true));
  await second.connect();
  t.equal(second.connected, true, 'the place of one that is gone is free');
});

t.test('hub: the same process again takes the place of its older connection', async (t) => {
  const host = await world.enroll('host-9');
  const older = world.agent(host, { process: 'one-process' });
  await older.connect();
  const newer = world.agent(host, { process: 'one-process' });
  await newer.connect();

  t.equal((await older.waitClosed()).code, CLOSE.replaced);
  t.ok(isConnected(host));
  t.equal(world.hub.live(host.row.id)?.connected, true);
});

t.test('hub: frames that are none end the connection with a reason, unknown kinds are answered', async (t) => {
  const host = await world.enroll('host-10');
  const agent = world.agent(host);
  await agent.connect();
  agent.sendText(JSON.stringify({ kind: 'from-the-future', value: 1 }));
  t.same(await agent.waitFor('unsupported'), { kind: 'unsupported', of: 'from-the-future' });
  t.equal(agent.connected, true);

  agent.sendText('{ no json');
  t.equal((await agent.waitClosed()).code, CLOSE.invalidFrame);
  t.match(agent.received.at(-1), { kind: 'refused', problem: { code: 'FRAME_INVALID', message: /not JSON/ } });

  await agent.connect();
  agent.sendText(JSON.stringify({ kind: 'report', seq: 'x' }));
  t.equal((await agent.waitClosed()).code, CLOSE.invalidFrame);

  await agent.connect();
  agent.send({ kind: 'report', seq: 7, full: false, apps: {}, metrics: null, status: null });
  t.equal((await agent.waitClosed()).code, CLOSE.invalidFrame, 'a gap in the reports');

  await agent.connect();
  t.equal(agent.connected, true, 'none of it locked the host out');

  const large = world.agent(await world.enroll('host-10-large'));
  await large.connect();
  large.sendText('x'.repeat(FRAME_LIMIT_BYTES + 1));
  const { code } = await large.waitClosed();
  t.ok([1009, 1006, CLOSE.tooLarge].includes(code), `too large: ${code}`);
  await large.connect();
  t.equal(large.connected, true, 'nor did this');
});

t.test('hub: one bad part of what an agent says is left out and noted, and the connection stays', async (t) => {
  const host = await world.enroll('host-flawed');
  // Apps of earlier tests catch up on this host: an agent that acts would report on them under the number used below.
  const agent = world.agent(host, { acts: false });
  await agent.connect();
  await world.until(() => (world.hub.live(host.row.id)?.status === 'fake' ? true : null));
  const apps = {
    web: anAppReport({ waiting: 'x'.repeat(5_000) }),
    db: { ...anAppReport({ app: appName('db') }), release: 'newest' },
  };
  agent.sendText(JSON.stringify({ kind: 'report', seq: 2, full: false, apps, metrics: null, status: 'flawed' }));
  agent.sendText(JSON.stringify({ kind: 'event', at: 'now', event: 'x', app: null, text: 'y' }));

  const live = await world.until(() => {
    const found = world.hub.live(host.row.id);
    return found?.status === 'flawed' ? found : null;
  });
  t.match(live.apps.web?.waiting, /^x+… \[\d,\d{3} more characters\]$/);
  t.equal(live.apps.db, undefined);
  const told = await world.until(async () => {
    const { items } = await world.store.listEvents({ ...FIRST, kind: 'host.invalid-frame', host: host.row.id });
    return items.length < 2 ? null : items.map(({ text }) => text);
  });
  t.match(told, [/left out of a report: apps\.db\.release: /, /a frame `event` is invalid/]);
  t.equal(agent.connected, true);
});

t.test('hub: nothing but hello is taken before the welcome', async (t) => {
  const host = await world.enroll('host-11');
  const agent = world.agent(host, { hello: () => null });
  const report = JSON.stringify({ kind: 'report', seq: 1, full: true, apps: {}, metrics: null, status: null });
  for (const text of [report, '{"kind":"heartbeat"}', '{"kind":"from-the-future"}', '['.repeat(10_000)]) {
    await agent.dial();
    await agent.waitFor('challenge');
    agent.sendText(text);
    t.equal((await agent.waitClosed()).code, CLOSE.invalidFrame, text.slice(0, 40));
    t.match(agent.received.at(-1), { kind: 'refused', problem: { code: 'FRAME_INVALID' } });
  }
  t.equal(world.hub.live(host.row.id), null);
});

t.test('hub: a first frame of megabytes is cut off while it comes', async (t) => {
  const agent = world.agent(await world.enroll('host-11-large'), { hello: () => null });
  for (const text of ['['.repeat(3_000_000), ' '.repeat(17_000)]) {
    await agent.dial();
    await agent.waitFor('challenge');
    agent.sendText(text);
    const { code } = await agent.waitClosed();
    t.ok([CLOSE.invalidFrame, CLOSE.tooLarge, 1006].includes(code), String(code));
  }
  // None of it is remembered against who comes properly.
  await world.agent(await world.enroll('host-11-small')).connect();
});

t.test('hub: an address that comes again and again with nothing is not let in for a while', async (t) => {
  let now = 0;
  const rate = new AddressRate({ perMinute: 2, monotonicMs: () => now });
  const door = {
    addressOf: clientAddress([]),
    waitMs: (address: string) => rate.waitMs(address),
    turnedAway: (address: string) => void rate.take(address),
  };
  const guarded = await HubWorld.open({ hub: { door } });
  t.teardown(() => guarded.close());
  const host = await guarded.enroll('a');
  for (let count = 0; count < 2; count += 1) {
    const stranger = guarded.agent(host, { hello: (hello) => ({ ...hello, signature: 'AAAA' }) });
    await t.rejects(stranger.connect(), /SIGNATURE_INVALID/);
  }

  await t.rejects(guarded.agent(host).dial(), /429/);
  now += 30_000;
  await guarded.agent(host).connect();
  await guarded.agent(host).connect();
});

t.test('hub: one tick serves heartbeats, silence and hellos that never come', async (t) => {
  let now = 1_000_000;
  const clocked = await HubWorld.open({ hub: { now: () => now } });
  t.teardown(() => clocked.close());
  const host = await clocked.enroll('a');
  const agent = clocked.agent(host);
  await agent.connect();
  await clocked.until(() => (clocked.hub.live(host.row.id)?.status === 'fake' ? true : null));
  const mute = clocked.agent(host, { hello: () => null });
  await mute.dial();
  await mute.waitFor('challenge');

  now += 12_000;
  clocked.hub.tick();
  await agent.waitFor('heartbeat');
  await mute.waitClosed();
  t.equal(agent.connected, true);

  now += 60_000;
  clocked.hub.tick();
  now += 20_000;
  clocked.hub.tick();
  await agent.waitClosed();
  t.equal(clocked.hub.live(host.row.id)?.connected, false);
});

t.test('hub: what an agent tells late keeps its own time, and what it sends again is written once', async (t) => {
  const host = await world.enroll('host-late');
  const at = Date.now() - 4 * 3_600_000;
  const rollback = { kind: 'event', at, event: 'rolled-back', app: null, text: 'back to release 2' } as const;
  const first = world.agent(host);
  await first.connect();
  first.send(rollback);
  first.send({ ...rollback, at: 0, text: 'its clock begins in 1970' });
  const agentEvents = async () =>
    (
      await world.store.listEvents({
        limit: 10,
        after: null,
        app: null,
        host: host.row.id,
        kind: 'agent.rolled-back',
        deployment: null,
        order: 'oldest',
      })
    ).items;
  await pollUntil(agentEvents, (events) => events.length === 2);
  await first.close();

  const again = world.agent(host);
  await again.connect();
  again.send(rollback);
  again.send({ ...rollback, at: at + 1, text: 'and once more' });
  const found = await pollUntil(agentEvents, (events) => events.some(({ text }) => text === 'and once more'));

  t.same(
    found.map(({ text, cause }) => [text, cause.kind === 'host' ? (cause.at ?? null) : null]),
    [
      ['back to release 2', at],
      ['its clock begins in 1970', null],
      ['and once more', at + 1],
    ],
  );
  t.equal(found.length, 3);
  t.ok((found[0]?.at ?? 0) > at + 3_600_000, 'received now');
});

t.test('hub: events of agents stand in the log with the host as cause, ticks are passed on', async (t) => {
  const host = await world.enroll('host-12');
  const agent = world.agent(host);
  await agent.connect();
  agent.send({ kind: 'event', at: 0, event: 'pruned', app: null, text: '3 images removed' });
  agent.send({ kind: 'due', app: appName('web'), scheduledAt: Date.now() });

  const found = await world.until(async () => {
    const { items } = await world.store.listEvents({
      limit: 10,
      after: null,
      app: null,
      host: host.row.id,
      kind: 'agent.pruned',
      deployment: null,
      order: 'newest',
    });
    return items[0] ?? null;
  });
  t.match(found, { text: '3 images removed', cause: { kind: 'host', host: host.row.name } });
  await world.until(() => (world.due.length === 1 ? true : null));
});

t.test('hub: a removal that is done takes the target away, also when it was said before a restart', async () => {
  const host = await world.enroll('host-13');
  const agent = world.agent(host, { acts: false });
  await world.deploy([host], { name: appName('gone') }).then(({ id }) => world.waitFor(id, 'rolling'));
  await world.store.removeApp({ app: appName('gone'), volumes: false, secrets: false, at: Date.now(), events: [] });
  agent.setApp('gone', anAppReport({ app: appName('gone'), removed: true, converged: true }));

  await agent.connect();

  await world.until(async () =>
    (await world.store.targetsOfApp({ app: appName('gone') })).length === 0 ? true : null,
  );
});

t.test('hub: says good-bye with 1001 when it stops', async (t) => {
  const stopping = await HubWorld.open();
  const host = await stopping.enroll('a');
  const agent = stopping.agent(host);
  await agent.connect();
  const closing = stopping.close();
  t.equal((await agent.waitClosed()).code, CLOSE.goingAway);
  await closing;
});

t.test('hub: an app that is too large for a host fails alone, and others come to the host', async (t) => {
  const host = await world.enroll('crowded');
  const agent = world.agent(host);
  await agent.connect();
  const configs = { geo: { content: 'x'.repeat(FRAME_LIMIT_BYTES) } };
  const large = await world.deploy([host], { name: appName('large'), configs });
  const small = await world.deploy([host], { name: appName('small') });

  t.match(await world.waitFor(small.id), { state: 'succeeded' });
  const failed = await world.waitFor(large.id);
  t.not(failed.state, 'succeeded');
  t.match(failed.problem?.message ?? JSON.stringify(failed), /large \(\d+ KiB\).*all apps of a host together/);
});

t.test('hub: a secret that the agent dropped and that is wanted is sent again in the same connection', async (t) => {
  const secret = { app: appName('web'), secret: 'key', version: 2, sealed: 'c2VhbGVk' };
  const world = await HubWorld.open({
    hub: {
      sealed: {
        secrets: async (_host, isHeld) => ({ items: isHeld('web/key', 2) ? [] : [secret], missing: [] }),
        registryCredentials: async () => ({ needed: [], items: [] }),
      },
    },
  });
  t.teardown(() => world.close());
  const agent = world.agent(await world.enroll('forgetful'));
  await agent.connect();
  const times = (): number => agent.received.filter((message) => message.kind === 'secrets').length;
  await pollUntil(
    async () => times(),
    (count) => count === 1,
  );

  const told = { kind: 'report', full: false, apps: {}, metrics: null, status: null } as const;
  agent.send({ ...told, seq: 2, secrets: { 'web/key': [2] } });
  agent.send({ ...told, seq: 3, secrets: { 'web/other': [1] } });

  await pollUntil(
    async () => times(),
    (count) => count === 2,
  );
});

t.test('hub: a value that an app needs and that was removed is told to people', async (t) => {
  const missing = ['db of web, version 1'];
  const world = await HubWorld.open({
    hub: {
      sealed: {
        secrets: async () => ({ items: [], missing }),
        registryCredentials: async () => ({ needed: [], items: [] }),
      },
    },
  });
  t.teardown(() => world.close());
  const host = await world.enroll('lacking');
  await world.agent(host).connect();
  const query = { app: null, host: host.row.id, kind: 'host.secret-missing', deployment: null } as const;

  const { items } = await pollUntil(
    () => world.store.listEvents({ ...query, limit: 10, after: null, order: 'oldest' }),
    (page) => page.items.length > 0,
  );
  t.match(items, [{ text: /^Host lacking needs values that were removed or cannot be read: db of web, version 1/ }]);
});
