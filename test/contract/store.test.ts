// What every implementation of the store port keeps.
import t from 'tap';
import type { Test } from 'tap';
import type { PrunedEvents } from '../../coordinator/store/retention-store.ts';
import type { Store } from '../../coordinator/store/store.ts';
import type { AppSpec } from '../../fleet/app-spec.ts';
import type { SchedulePolicy } from '../../fleet/rollout-policy.ts';
import type { Adoption, NewApiToken, StoredEvent, TargetWrite } from '../../coordinator/store/records.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { DeploymentState } from '../../fleet/deployment.ts';
import type { HostId } from '../../fleet/ids.ts';
import { problem } from '../../fleet/errors.ts';
import { anAppSpec, aService, aStep, appName, deploymentId, digest, hostId } from '../support/app-builders.ts';
import {
  addEnrollToken,
  addHost,
  anEvent,
  aTarget,
  enqueue,
  lease,
  move,
  PERSON,
  WEB,
} from '../support/store-scenes.ts';
import { storeKinds } from '../support/stores.ts';

const refusal = (code: string): { code: string } => ({ code });
const routedSpec = (app: string, shared: boolean): AppSpec => {
  const route = { host: '*', path: '/', port: 80, tls: 'off', weight: 1, stripPrefix: false } as const;
  return anAppSpec({
    name: appName(app),
    services: { web: aService({ ingress: [{ ...route, ...(shared ? { shared } : {}) }] }) },
  });
};
const ALL_EVENTS = { limit: 100, after: null, app: null, host: null, kind: null, deployment: null } as const;
const FIRST = { limit: 100, after: null };

for (const kind of storeKinds) {
  const scene = (name: string, test: (t: Test, store: Store, reopen: () => Promise<Store>) => Promise<void>): void => {
    t.test(`${kind.name} store: ${name}`, { skip: kind.skip }, async (t) => {
      const { store, reopen, dispose } = await kind.open();
      t.teardown(dispose);
      await test(t, store, reopen);
    });
  };

  scene('knows which releases have to reach every host', async (t, store) => {
    const api = appName('api');
    await enqueue(store, { number: 1, release: { spec: { ...anAppSpec({ name: WEB }), require: 'all' } } });
    await enqueue(store, { number: 2 });
    await enqueue(store, { number: 3, app: api, release: { spec: { ...anAppSpec({ name: api }), require: 'all' } } });
    const releases = [1, 2, 3].flatMap((release) => [
      { app: WEB, release },
      { app: api, release },
    ]);

    t.same(await store.requiringAll({ releases }), [
      { app: WEB, release: 1 },
      { app: api, release: 1 },
    ]);
    t.same(await store.requiringAll({ releases: [] }), []);
  });

  scene('a one-time token makes one host, whichever key comes', async (t, store) => {
    const tokenHash = await addEnrollToken(store, 'once', 'once', { pool: 'edge', labels: { zone: 'b' } });
    const host = {
      id: hostId(1),
      name: 'a',
      publicKey: 'k1',
      sealingKey: 's1',
      labels: { zone: 'a', rack: '1' },
      platform: 'linux/arm64',
    };

    const made = await store.enrollHost({ tokenHash, host, at: 5 });
    const again = await store.enrollHost({ tokenHash, host: { ...host, id: hostId(2) }, at: 6 });

    t.equal(made.pool, 'edge');
    t.same(made.labels, { zone: 'b', rack: '1' }, 'the token wins over what the host says of itself');
    t.equal(again.id, hostId(1), 'the same key with the same token is the same host: the first reply was lost');
    await t.rejects(
      store.enrollHost({ tokenHash, host: { ...host, id: hostId(3), publicKey: 'k2' }, at: 7 }),
      refusal('TOKEN_USED'),
    );
    t.equal(await store.host({ id: hostId(3) }), null);
  });

  scene('a known host gets another key from an operator only; all else of it stays', async (t, store) => {
    const before = await addHost(store, 1, { name: 'a', labels: { zone: 'a' } });
    await store.patchHost({ id: before.id, availability: 'paused', labels: { mine: 'x' }, name: null, events: [] });
    const tokenHash = await addEnrollToken(store, 'again', 'once', { pool: 'other' });
    const host = {
      id: hostId(2),
      name: 'a',
      publicKey: 'k9',
      sealingKey: 's9',
      labels: { zone: 'b' },
      platform: 'linux/arm64',
    };
    const enrol = (adoption: Adoption) => store.enrollHost({ tokenHash, host, at: 5, adoption });

    await t.rejects(enrol({ host: before.id, permission: 'none' }), refusal('FORMER_HOST'));
    await t.rejects(enrol({ host: before.id, permission: 'machine' }), refusal('FORMER_HOST'));
    const after = await enrol({ host: before.id, permission: 'operator', cause: PERSON });

    t.match(after, { id: before.id, name: 'a', pool: before.pool, availability: 'paused', publicKey: 'k9' });
    t.same(after.labels, { zone: 'b', mine: 'x' });
    t.equal((await store.allHosts()).length, 1);
    t.match((await enrol({ host: before.id, permission: 'none' })).publicKey, 'k9', 'the first reply was lost');
    const [event] = (await store.listEvents({ ...ALL_EVENTS, order: 'newest' })).items;
    t.match(event, { kind: 'host.adopted', host: before.id, cause: PERSON });
    await t.rejects(store.enrollHost({ tokenHash, host: { ...host, publicKey: 'k10' }, at: 6 }), refusal('TOKEN_USED'));
  });

  scene('a host that was removed, or that another coordinator had, comes back under its id', async (t, store) => {
    const gone = await addHost(store, 1, { name: 'a' });
    await store.patchHost({ id: gone.id, availability: 'paused', labels: { mine: 'x' }, name: null, events: [] });
    await store.removeHost({ id: gone.id, at: 4, events: [] });
    const tokenHash = await addEnrollToken(store, 'pool', 'pool', { pool: 'edge' });
    const enrol = (id: HostId, publicKey: string, permission: 'none' | 'machine') =>
      store.enrollHost({
        tokenHash,
        host: { id: hostId(9), name: 'b', publicKey, sealingKey: 's', labels: {}, platform: 'linux/amd64' },
        at: 5,
        adoption: { host: id, permission },
      });

    await t.rejects(enrol(gone.id, 'k2', 'none'), refusal('FORMER_HOST'));
    await t.rejects(enrol(hostId(3), 'k3', 'none'), refusal('FORMER_HOST'));
    t.match(await enrol(gone.id, 'k2', 'machine'), {
      id: gone.id,
      name: 'b',
      pool: 'edge',
      labels: {},
      availability: 'active',
      removedAt: null,
    });
    t.match(await enrol(hostId(3), 'k3', 'machine'), { id: hostId(3), name: 'b-2', publicKey: 'k3' });
    t.equal(await store.host({ id: hostId(9) }), null);
  });

  scene('unknown, expired and revoked enrolment tokens are refused by name', async (t, store) => {
    const host = { id: hostId(1), name: 'a', publicKey: 'k1', sealingKey: 's1', labels: {}, platform: 'linux/amd64' };
    const expired = await addEnrollToken(store, 'old', 'pool', { expiresAt: 10 });
    const revoked = await addEnrollToken(store, 'gone', 'pool');
    await store.revokeEnrollToken({ id: 'gone', at: 5, events: [] });

    await t.rejects(store.enrollHost({ tokenHash: 'no', host, at: 11 }), refusal('TOKEN_INVALID'));
    await t.rejects(store.enrollHost({ tokenHash: expired, host, at: 11 }), refusal('TOKEN_EXPIRED'));
    await t.rejects(store.enrollHost({ tokenHash: revoked, host, at: 11 }), refusal('TOKEN_REVOKED'));
    await t.rejects(store.revokeEnrollToken({ id: 'none', at: 1, events: [] }), refusal('NOT_FOUND'));
  });

  scene('hosts get unique names, are found by id or name, and are paged by name', async (t, store) => {
    await addHost(store, 1, { name: 'web' });
    const second = await addHost(store, 2, { name: 'web', pool: 'edge' });
    const third = await addHost(store, 3, { name: 'web' });

    t.equal(second.name, 'web-2');
    t.equal(third.name, 'web-3');
    t.equal((await store.findHost({ host: 'web-2' }))?.id, hostId(2));
    t.equal((await store.findHost({ host: hostId(3) }))?.name, 'web-3');

    const page = await store.listHosts({ limit: 2, after: null, pool: null, app: null });
    const rest = await store.listHosts({ limit: 2, after: page.next, pool: null, app: null });
    t.same(
      [...page.items, ...rest.items].map((host) => host.name),
      ['web', 'web-2', 'web-3'],
    );
    t.equal(rest.next, null);
    const edge = await store.listHosts({ ...FIRST, pool: 'edge', app: null });
    t.same(
      edge.items.map((host) => host.id),
      [hostId(2)],
    );

    await t.rejects(
      store.patchHost({ id: hostId(1), availability: null, labels: null, name: 'web-2', events: [] }),
      refusal('CONFLICT'),
    );
    const patched = await store.patchHost({
      id: hostId(1),
      availability: 'draining',
      labels: { a: 'b' },
      name: 'db',
      events: [],
    });
    t.match(patched, { availability: 'draining', labels: { a: 'b' }, name: 'db' });
  });

  scene('a removed host keeps its row and frees its name; its targets go', async (t, store) => {
    await addHost(store, 1, { name: 'web' });
    const { deployment } = await enqueue(store, { number: 1 });
    await move(store, deployment, ['rolling'], [aTarget(hostId(1), 1)]);

    await store.removeHost({ id: hostId(1), at: 9, events: [] });

    t.equal((await store.host({ id: hostId(1) }))?.removedAt, 9);
    t.equal(await store.findHost({ host: 'web' }), null);
    t.same(await store.targetsOfApp({ app: WEB }), []);
    t.equal((await addHost(store, 2, { name: 'web' })).name, 'web');
    await t.rejects(store.removeHost({ id: hostId(1), at: 9, events: [] }), refusal('NOT_FOUND'));
    const session = {
      host: hostId(1),
      coordinator: 'c',
      url: 'u',
      at: 1,
      platform: 'linux/amd64',
      agentVersion: '1',
      engineVersion: '2',
      labels: {},
      boot: null,
      events: [],
      backEvents: [],
    };
    await t.rejects(store.openSession(session), refusal('HOST_REMOVED'));
    const fence = await lease(store, deployment.id);
    const { counts: _counts, ...head } = deployment;
    await store.applyRollout({
      fence,
      expected: 'rolling',
      deployment: { ...head, state: 'rolling' },
      steps: [],
      targets: [aTarget(hostId(1), 1)],
      quarantine: [],
      events: [],
    });
    t.same(await store.targetsOfApp({ app: WEB }), [], 'and none comes back');
  });

  scene('sessions count up, and tell when a place may have changed', async (t, store) => {
    await addHost(store, 1, { labels: { zone: 'a' } });
    const session = {
      host: hostId(1),
      coordinator: 'c',
      url: 'u',
      at: 50,
      platform: 'linux/amd64',
      agentVersion: '1',
      engineVersion: '2',
      boot: null,
      events: [],
      backEvents: [],
    };

    const first = await store.openSession(session);
    const second = await store.openSession({ ...session, platform: 'linux/arm64' });
    await store.closeSession({ host: hostId(1), epoch: 2, at: 77, events: [] });

    t.equal(first.session.epoch, 1);
    t.equal(first.placementChanged, false);
    t.equal(second.session.epoch, 2);
    t.equal(second.placementChanged, true);
    t.same(second.host.labels, { zone: 'a' }, 'those of its enrolment');
    t.equal((await store.host({ id: hostId(1) }))?.lastSeenAt, 77);
  });

  scene('an instance is one host: by its key again, not by another, and anew once it was removed', async (t, store) => {
    const enrol = (id: string, publicKey: string, number: number, zone = 'z1') =>
      store.enrollInstance({
        instance: { projectNumber: '7', id, zone, name: 'edge-a' },
        pool: 'edge',
        labels: { tier: 'web' },
        host: { id: hostId(number), name: 'edge-a', publicKey, sealingKey: 's', platform: 'linux/amd64' },
        at: 5,
      });

    const { host, replaced } = await enrol('100', 'k1', 1);
    t.match(host, {
      id: hostId(1),
      name: 'edge-a',
      pool: 'edge',
      labels: { tier: 'web' },
      poolLabels: { tier: 'web' },
    });
    t.same(host.instance, { projectNumber: '7', id: '100', zone: 'z1', name: 'edge-a' });
    t.same(replaced, []);
    t.equal((await enrol('100', 'k1', 2)).host.id, hostId(1));
    await t.rejects(enrol('100', 'k2', 3), refusal('INSTANCE_KNOWN'));

    const adopted = await store.enrollInstance({
      instance: { projectNumber: '7', id: '100', zone: 'z1', name: 'edge-a' },
      pool: 'edge',
      labels: { tier: 'web' },
      host: { id: hostId(8), name: 'edge-a', publicKey: 'k8', sealingKey: 's', platform: 'linux/amd64' },
      at: 6,
      adoption: { host: hostId(1), permission: 'operator', cause: PERSON },
    });
    t.match(adopted, { host: { id: hostId(1), name: 'edge-a', publicKey: 'k8' }, replaced: [] });
    await t.rejects(enrol('100', 'k1', 2), refusal('INSTANCE_KNOWN'), 'the key before is refused');

    await store.removeHost({ id: hostId(1), at: 6, events: [] });
    await t.rejects(enrol('100', 'k8', 4), refusal('HOST_REMOVED'));
    t.equal((await enrol('100', 'k2', 5)).host.id, hostId(5));
    t.equal(
      (await enrol('300', 'k3', 6, 'z2')).host.name,
      'edge-a-2',
      'the same name in another zone is another machine',
    );

    const anew = await enrol('200', 'k4', 7);
    t.same(anew.replaced, [hostId(5)]);
    t.equal(anew.host.name, 'edge-a');
    t.equal((await store.allHosts()).length, 2);
  });

  scene(
    'labels: the pool over the agent, the operator over the pool; of an instance the agent says none',
    async (t, store) => {
      const { id } = await addHost(store, 1, { labels: { a: 'agent', b: 'agent', c: 'agent' } });
      await store.setPoolLabels({ hosts: [{ host: id, labels: { b: 'pool', c: 'pool' } }], events: [anEvent()] });
      await store.patchHost({ id, availability: null, labels: { c: 'mine' }, name: null, events: [] });
      t.same((await store.host({ id }))?.labels, { a: 'agent', b: 'pool', c: 'mine' });
      const change = { id, availability: null, name: null, events: [] } as const;
      await store.patchHost({ ...change, labels: { b: null, d: 'mine' } });
      t.match(await store.host({ id }), {
        labels: { a: 'agent', c: 'mine', d: 'mine' },
        poolLabels: { b: 'pool', c: 'pool' },
        ownLabels: { b: null, c: 'mine', d: 'mine' },
      });
      t.same((await store.host({ id }))?.labels, { a: 'agent', c: 'mine', d: 'mine' }, 'null hides what others say');
      await store.patchHost({ ...change, labels: null, inheritLabels: ['b', 'c', 'd'] });
      t.same((await store.host({ id }))?.labels, { a: 'agent', b: 'pool', c: 'pool' }, 'and lets them say it again');
      await store.patchHost({ ...change, labels: { c: 'mine' } });

      const { host } = await store.enrollInstance({
        instance: { projectNumber: '7', id: '100', zone: 'z1', name: 'edge-a' },
        pool: 'edge',
        labels: {},
        host: { id: hostId(2), name: 'edge-a', publicKey: 'k1', sealingKey: 's', platform: 'linux/amd64' },
        at: 5,
      });
      const hello = {
        coordinator: 'c',
        url: 'u',
        at: 6,
        platform: 'linux/amd64',
        agentVersion: '1',
        engineVersion: '2',
      };
      const opened = await store.openSession({
        ...hello,
        host: host.id,
        boot: null,
        events: [],
        backEvents: [],
      });
      t.same(opened.host.labels, {});
      t.equal(opened.placementChanged, false);
    },
  );

  scene(
    'a power-off drains an active host until another boot, and undoes nothing that a person did',
    async (t, store) => {
      const { id } = await addHost(store, 1);
      const session = (boot: string | null) =>
        store.openSession({
          host: id,
          coordinator: 'c',
          url: 'u',
          at: 50,
          platform: 'linux/amd64',
          agentVersion: '1',
          engineVersion: '2',
          boot,
          events: [],
          backEvents: [anEvent({ kind: 'test.back' })],
        });
      const off = (boot: string) => store.powerOff({ id, boot, events: [anEvent({ kind: 'test.off' })] });
      const told = async (kind: string): Promise<number> =>
        (await store.listEvents({ ...FIRST, app: null, host: null, kind, deployment: null, order: 'oldest' })).items
          .length;
      await session('1');

      t.equal(await off('1'), true);
      t.equal(await off('1'), false, 'once is enough');
      t.match((await session('1')).host, { availability: 'draining', poweringOff: true });
      const back = await session('2');
      t.match(back, { host: { availability: 'active', poweringOff: false }, placementChanged: true });
      t.same([await told('test.off'), await told('test.back')], [1, 1]);

      const patch = (availability: 'paused' | 'draining') =>
        store.patchHost({ id, availability, labels: null, name: null, events: [] });
      await patch('paused');
      t.equal(await off('2'), false);
      t.match((await session('3')).host, { availability: 'paused' });
      await patch('draining');
      t.match((await session('4')).host, { availability: 'draining', poweringOff: false });
      await store.removeHost({ id, at: 60, events: [] });
      t.equal(await off('4'), false);
    },
  );

  scene('assignments: numbers rise only with the content, and above what the agent says', async (t, store) => {
    await addHost(store, 1);
    const { deployment } = await enqueue(store, { number: 1 });
    await move(store, deployment, ['rolling'], [aTarget(hostId(1), 1)]);
    const ask = async (heard: { epoch: number; generation: number; hash: string } | null) => {
      const [answer] = await store.assignments({ requests: [{ host: hostId(1), heard }] });
      return answer;
    };

    const first = await ask(null);
    if (first?.kind !== 'assignment') throw new Error('no assignment');
    t.match(first.assignment, {
      epoch: 1,
      generation: 1,
      entries: [{ kind: 'run', app: 'web', release: 1, attempt: 1, replicas: { web: 1 }, requires: ['swap'] }],
    });

    const order = { epoch: 1, generation: 1, hash: first.hash };
    t.match(
      await ask(order),
      { kind: 'assignment', assignment: { generation: 1 } },
      'the same content keeps its number',
    );
    const known = { epoch: 1, generation: 1 };
    t.match(await ask({ ...order, hash: 'sha256:other' }), { kind: 'ahead', known }, 'our number, another content');
    const heard = { epoch: 3, generation: 7 };
    t.match(await ask({ ...heard, hash: 'x' }), { kind: 'ahead', heard, known }, 'a number that was never given');
    t.match(await ask(null), { assignment: { epoch: 1, generation: 1 } }, 'saying so changes nothing');
    t.equal(
      (await store.assignments({ requests: [{ host: hostId(99), heard: null }] })).length,
      0,
      'unknown hosts are left out',
    );
  });

  scene(
    'assignments: what the schedule brought for a window is downloaded ahead, until it is there',
    async (t, store) => {
      await addHost(store, 1);
      await addHost(store, 2);
      const first = await enqueue(store, { number: 1 });
      await move(store, first.deployment, ['rolling', 'succeeded'], [aTarget(hostId(1), 1), aTarget(hostId(2), 1)]);
      const ask = async () => {
        const [answer] = await store.assignments({ requests: [{ host: hostId(1), heard: null }] });
        if (answer?.kind !== 'assignment') throw new Error('no assignment');
        return answer;
      };
      const before = await ask();
      t.notOk('prefetch' in before.assignment);

      const window = { days: [], fromMinute: 120, toMinute: 180 };
      const scheduled = (fields: Partial<SchedulePolicy>) => ({
        spec: anAppSpec({ schedule: { cron: '@hourly', timeZone: 'UTC', splayMs: 90_000, window, ...fields } }),
      });
      const cause = { kind: 'schedule', detail: '@hourly' } as const;
      const placement = { [hostId(1)]: { web: 1 } };
      await enqueue(store, { number: 2, placement, cause, release: scheduled({ window: null }) });
      t.equal((await ask()).hash, before.hash, 'without a window it begins at once');
      await enqueue(store, { number: 3, placement, release: scheduled({}) });
      t.equal((await ask()).hash, before.hash, 'what a person sends begins at once');

      const { deployment } = await enqueue(store, { number: 4, placement, cause, release: scheduled({}) });
      const { image } = aService();
      const waiting = await ask();
      t.same(waiting.assignment.prefetch, [
        {
          app: WEB,
          release: 4,
          images: [{ service: 'web', reference: image.reference, digest: image.digest, platform: null }],
          spreadMs: 90_000,
        },
      ]);
      t.ok(waiting.assignment.generation > before.assignment.generation);
      const [other] = await store.assignments({ requests: [{ host: hostId(2), heard: null }] });
      t.notMatch(other, { assignment: { prefetch: [] } }, 'only hosts that it will reach');

      await move(store, deployment, ['rolling'], [aTarget(hostId(1), 4, { attempt: 2 })]);
      t.notOk('prefetch' in (await ask()).assignment, 'its entry brings it now');
    },
  );

  scene('a restore: nothing is assigned and nothing changes until it is confirmed', async (t, store, reopen) => {
    await addHost(store, 1);
    const { deployment } = await enqueue(store, { number: 1 });
    await move(store, deployment, ['rolling', 'succeeded'], [aTarget(hostId(1), 1)]);
    await store.putSecret({ app: WEB, name: 'key', version: 1, ciphertext: new Uint8Array([1]), at: 1, events: [] });
    const ask = async (over: typeof store, heard: { epoch: number; generation: number; hash: string } | null) =>
      (await over.assignments({ requests: [{ host: hostId(1), heard }] }))[0];
    const given = await ask(store, null);
    if (given?.kind !== 'assignment') throw new Error('no assignment');
    t.equal(await store.pendingRestore(), null);
    await t.rejects(store.confirmRestore({ events: [] }), refusal('CONFLICT'), 'there is none');

    const found = { host: hostId(1), heard: { epoch: 3, generation: 7 }, known: { epoch: 1, generation: 1 }, at: 5 };
    t.equal(await store.restoreFound({ ...found, events: [anEvent({ kind: 'coordinator.restore-found' })] }), true);
    t.equal(await store.restoreFound({ ...found, events: [anEvent()] }), false, 'told once');
    store = await reopen();
    t.same(await store.pendingRestore(), found, 'also after a restart');
    t.match(await ask(store, null), { kind: 'held' });
    t.match(await ask(store, { epoch: 1, generation: 1, hash: given.hash }), { kind: 'held' });
    const place = { app: WEB, expected: 1, targets: [aTarget(hostId(1), 1, { attempt: 9_000 })], events: [] };
    await t.rejects(store.applyFleet(place), refusal('CONFLICT'));
    await t.rejects(enqueue(store, { number: 2 }), refusal('CONFLICT'));
    await t.rejects(
      store.removeApp({ app: WEB, volumes: false, secrets: false, at: 1, events: [] }),
      refusal('CONFLICT'),
    );

    t.match(await ask(store, { epoch: 4, generation: 1, hash: 'x' }), { kind: 'ahead' }, 'one of a later epoch still');
    await store.restoreFound({ ...found, heard: { epoch: 4, generation: 1 }, events: [] });
    t.equal(await store.confirmRestore({ events: [anEvent({ kind: 'coordinator.restore-confirmed' })] }), 5);
    t.equal(await store.pendingRestore(), null);
    t.match(
      await ask(store, { epoch: 4, generation: 90, hash: 'x' }),
      { assignment: { epoch: 5, generation: 1 } },
      'a new epoch begins at one, above all of the lost time',
    );
    await store.applyFleet(place);
    t.equal((await enqueue(store, { number: 2 })).release.number, 102, 'numbers of the lost time are not used again');
    t.equal(await store.lastSecretVersion({ app: WEB }), 1_001);
    t.same(await store.secretVersions({ app: WEB, names: ['key'] }), { key: 1 }, 'what is there stays');
    const rollout = await store.loadRollout({ id: deployment.id });
    t.ok((rollout.lastAttempts[hostId(1)] ?? 0) > 1_000);
  });

  scene('acks only go forward', async (t, store) => {
    await addHost(store, 1);
    await store.recordAcks({ acks: [{ host: hostId(1), epoch: 1, generation: 5 }] });
    await store.recordAcks({ acks: [{ host: hostId(1), epoch: 1, generation: 4 }] });
    t.same((await store.host({ id: hostId(1) }))?.acked, { epoch: 1, generation: 5 });
    await store.recordAcks({ acks: [{ host: hostId(1), epoch: 2, generation: 1 }] });
    t.same((await store.host({ id: hostId(1) }))?.acked, { epoch: 2, generation: 1 });
  });

  scene('a new deployment supersedes the queued ones, and only those', async (t, store) => {
    const first = await enqueue(store, { number: 1 });
    await move(store, first.deployment, ['rolling']);
    const second = await enqueue(store, { number: 2 });
    const third = await enqueue(store, { number: 3, events: [anEvent({ text: 'release {release} is queued' })] });

    t.same(
      [first, second, third].map((made) => made.release.number),
      [1, 2, 3],
    );
    t.same(
      third.superseded.map((old) => old.id),
      [deploymentId(2)],
    );
    t.match(await store.deployment({ id: deploymentId(2) }), {
      state: 'superseded',
      problem: { code: 'DEPLOYMENT_SUPERSEDED' },
    });
    t.equal((await store.deployment({ id: deploymentId(1) }))?.state, 'rolling');
    t.same(
      (await store.unendedDeployments({ app: null })).map((one) => one.id),
      [deploymentId(1), deploymentId(3)],
    );
    t.same(await store.countUnended(), { rolling: 1, queued: 1 });
    t.same(
      (await store.latestDeployments({ apps: [WEB] })).map((one) => one.id),
      [deploymentId(1)],
      'the one furthest on',
    );
    const events = await store.listEvents({
      ...FIRST,
      app: null,
      host: null,
      kind: null,
      deployment: null,
      order: 'oldest',
    });
    t.same(events.items.map((event) => event.text).at(-1), 'release 3 is queued');
  });

  scene('whether a deployment ends what is under way is kept with it', async (t, store, reopen) => {
    const first = await enqueue(store, { number: 1 });
    await move(store, first.deployment, ['rolling']);
    const made = await enqueue(store, { number: 2, aborts: true });
    t.equal(made.deployment.aborts, true);
    const after = await reopen();
    t.match(await after.unendedDeployments({ app: WEB }), [
      { id: deploymentId(1), aborts: false },
      { id: deploymentId(2), aborts: true },
    ]);
  });

  scene(
    'the step before the first wave is kept, and its target is one until it is written again',
    async (t, store, reopen) => {
      await addHost(store, 1);
      const { deployment } = await enqueue(store, { number: 1 });
      const fence = await store.takeLease({ id: deployment.id, owner: 'c', now: 1, until: 9 });
      if (fence === null) throw new Error('the lease is taken');
      const before = { release: 1, replicas: { web: 1 } };
      const once = {
        host: hostId(1),
        services: ['migrate'],
        attempt: 1,
        state: 'running',
        before,
        changedAt: 5,
      } as const;
      const write = { fence, expected: 'queued', steps: [], quarantine: [], events: [] } as const;
      const target = aTarget(hostId(1), 1);
      await store.applyRollout({
        ...write,
        deployment: { ...deployment, state: 'rolling', once },
        targets: [{ ...target, onlyOnce: true }],
      });
      const after = await reopen();
      t.strictSame((await after.deployment({ id: deployment.id }))?.once, once);
      t.match(await after.targetsOfApp({ app: WEB }), [{ onlyOnce: true }]);
      const entries = await after.assignments({ requests: [{ host: hostId(1), heard: null }] });
      t.match(entries, [{ assignment: { entries: [{ onlyOnce: true }] } }]);
      await after.applyRollout({
        ...write,
        expected: 'rolling',
        deployment: { ...deployment, state: 'rolling', once },
        targets: [{ ...target, attempt: 2, replace: ['web'] }],
      });
      t.match(await after.targetsOfApp({ app: WEB }), [{ replace: ['web'] }]);
      t.notOk('onlyOnce' in ((await after.targetsOfApp({ app: WEB }))[0] ?? {}));
    },
  );

  scene('what changed meanwhile refuses a deployment that was made on the old state', async (t, store) => {
    await enqueue(store, { number: 1 });
    const late = store.createDeployment({
      app: WEB,
      source: { kind: 'kept', number: 1 },
      deployment: { id: deploymentId(2), kind: 'rollback', cause: PERSON, createdAt: 1, aborts: false, placement: {} },
      expected: { succeeded: null, newest: null },
      releaseQuarantine: false,
      keepReleases: 20,
      events: [],
    });
    await t.rejects(late, refusal('CONFLICT'));
    t.equal(await store.deployment({ id: deploymentId(2) }), null);
    await t.rejects(enqueue(store, { number: 3, kept: 17 }), refusal('NOT_FOUND'));
  });

  scene('a route that another app has on the host is refused, unless both share it', async (t, store) => {
    await addHost(store, 1);
    await addHost(store, 2);
    const made = (app: string, number: number, host: number, shared: boolean) =>
      enqueue(store, {
        app: appName(app),
        number,
        placement: { [hostId(host)]: { web: 1 } },
        release: { spec: routedSpec(app, shared) },
      });
    const shop = await made('shop', 1, 1, false);
    await t.rejects(made('blog', 2, 1, false), refusal('ROUTE_TAKEN'), 'by a deployment that waits');
    t.equal((await store.app({ app: appName('blog') }))?.newest ?? 0, 0, 'nothing was made');
    await move(
      store,
      shop.deployment,
      ['rolling', 'succeeded'],
      [
        {
          kind: 'run',
          host: hostId(1),
          app: appName('shop'),
          release: 1,
          deployment: shop.deployment.id,
          attempt: 1,
          rollback: false,
          replicas: { web: 1 },
        },
      ],
    );
    await t.rejects(made('blog', 3, 1, true), refusal('ROUTE_TAKEN'), 'by a target; one alone cannot share');
    await made('blog', 4, 2, false);
    t.same(
      await store.conflictingRoutes({
        app: appName('wiki'),
        spec: routedSpec('wiki', false),
        placement: { [hostId(2)]: { web: 1 } },
      }),
      [{ host: hostId(2), service: 'web', place: '*/', other: 'blog', isKnown: false }],
    );
  });

  scene('a lease is held by one, runs out, and its old holder can write no more', async (t, store) => {
    const { deployment } = await enqueue(store, { number: 1 });
    const { counts: _counts, ...head } = deployment;
    const write = (fence: { owner: string; token: number }, state: 'queued' | 'rolling' | 'succeeded') =>
      store.applyRollout({
        fence,
        expected: 'queued',
        deployment: { ...head, state },
        steps: [],
        targets: [],
        quarantine: [],
        events: [],
      });

    const one = await store.takeLease({ id: deployment.id, owner: 'one', now: 0, until: 100 });
    if (one === null) throw new Error('not taken');
    t.same(await store.takeLease({ id: deployment.id, owner: 'one', now: 50, until: 150 }), one, 'its holder keeps it');
    t.equal(await store.takeLease({ id: deployment.id, owner: 'two', now: 99, until: 200 }), null);
    t.same(await store.renewLeases({ owner: 'two', ids: [deployment.id], until: 300 }), []);
    const two = await store.takeLease({ id: deployment.id, owner: 'two', now: 150, until: 300 });
    if (two === null) throw new Error('not taken');
    t.ok(two.token > one.token);

    await t.rejects(write(one, 'rolling'), refusal('CONFLICT'), 'the old holder');
    await t.rejects(write(two, 'succeeded'), refusal('CONFLICT'), 'a step that the table of states forbids');
    await write(two, 'rolling');
    const goBack = (through: readonly ('paused' | 'rolling_back')[]) =>
      store.applyRollout({
        fence: two,
        expected: 'rolling',
        through,
        deployment: { ...head, state: 'rolled_back' },
        steps: [],
        targets: [],
        quarantine: [],
        events: [],
      });
    await t.rejects(goBack([]), refusal('CONFLICT'), 'a step over a state');
    await t.rejects(goBack(['paused']), refusal('CONFLICT'), 'a way that the table of states does not have');
    await t.rejects(write(two, 'rolling'), refusal('CONFLICT'), 'a state that is not the stored one');
    t.same(await store.renewLeases({ owner: 'two', ids: [deployment.id], until: 300 }), [deployment.id]);
    await goBack(['rolling_back']);
    t.equal((await store.deployment({ id: deployment.id }))?.state, 'rolled_back');
  });

  scene(
    'one step of a rollout is whole: state, steps, targets, quarantine and events, or nothing',
    async (t, store) => {
      await addHost(store, 1);
      const { deployment } = await enqueue(store, { number: 1, placement: { [hostId(1)]: { web: 2 } } });
      const fence = await lease(store, deployment.id);
      const { counts: _counts, ...head } = deployment;
      const step = aStep({ state: 'failed', attempt: 1, problem: problem('NEVER_HEALTHY', 'probe web'), from: null });
      const bad = {
        kind: 'failed' as const,
        app: WEB,
        service: 'web',
        digest: digest('b'),
        reason: 'never healthy',
        since: 7,
        deployment: deployment.id,
      };
      const write = {
        fence,
        expected: 'queued' as const,
        deployment: { ...head, state: 'rolling' as const, wave: 0, waves: 1, startedAt: 5 },
        steps: [step],
        targets: [aTarget(hostId(1), 1, { replicas: { web: 2 } })],
        quarantine: [bad],
        events: [anEvent({ kind: 'deployment.started', deployment: deployment.id })],
      };

      await t.rejects(
        store.applyRollout({ ...write, targets: [aTarget(hostId(1), 99)] }),
        refusal('CONFLICT'),
        'no such release',
      );
      t.equal((await store.deployment({ id: deployment.id }))?.state, 'queued');
      t.same(await store.quarantine({ app: WEB }), []);

      await store.applyRollout(write);
      const rollout = await store.loadRollout({ id: deployment.id });
      t.match(rollout.deployment, { state: 'rolling', wave: 0, steps: [step] });
      t.same(rollout.placement, { [hostId(1)]: { web: 2 } });
      t.same(rollout.lastAttempts, { [hostId(1)]: 1 });
      t.same(rollout.targets, write.targets);
      t.same(await store.quarantine({ app: WEB }), [bad]);
      t.same(await store.releaseQuarantine({ app: WEB, events: [] }), [bad]);
      t.same(await store.quarantine({ app: WEB }), []);
    },
  );

  scene('what succeeded is the base of what waits', async (t, store) => {
    const first = await enqueue(store, { number: 1 });
    await move(store, first.deployment, ['rolling']);
    const second = await enqueue(store, { number: 2 });
    t.equal(second.deployment.base, null);

    await move(store, { ...first.deployment, state: 'rolling' }, ['succeeded']);

    t.match(await store.app({ app: WEB }), { succeeded: 1, succeededBy: deploymentId(1), newest: 2 });
    t.equal((await store.deployment({ id: deploymentId(2) }))?.base, 1);
    t.same(
      (await store.currentReleases()).map((current) => current.release.number),
      [1],
    );
    t.match(await store.listReleases({ ...FIRST, app: WEB }), {
      items: [
        { release: { number: 2 }, outcome: 'queued' },
        { release: { number: 1 }, outcome: 'succeeded' },
      ],
    });
  });

  scene('old releases are forgotten, but not what a host runs, goes back to, or comes from', async (t, store) => {
    await addHost(store, 1);
    const first = await enqueue(store, { number: 1 });
    await move(store, first.deployment, ['rolling', 'succeeded'], [aTarget(hostId(1), 1)]);
    const second = await enqueue(store, { number: 2 });
    await move(store, second.deployment, ['rolling', 'failed']);
    for (let number = 3; number <= 6; number += 1) await enqueue(store, { number, keepReleases: 2 });

    const kept = await store.listReleases({ ...FIRST, app: WEB });
    t.same(
      kept.items.map((item) => item.release.number),
      [6, 5, 1],
    );
  });

  scene('removing an app ends its deployments and asks every host to give it up', async (t, store) => {
    await addHost(store, 1);
    await addHost(store, 2);
    const { deployment } = await enqueue(store, { number: 1 });
    await move(store, deployment, ['rolling'], [aTarget(hostId(1), 1), aTarget(hostId(2), 1)]);
    const fence = await lease(store, deployment.id);

    const removed = await store.removeApp({
      app: WEB,
      volumes: true,
      secrets: false,
      at: 99,
      events: [anEvent({ kind: 'app.removed' })],
    });

    t.same(removed.hosts, [hostId(1), hostId(2)]);
    t.match(removed.cancelled, [{ id: deployment.id, state: 'cancelled' }]);
    t.same((await store.listApps(FIRST)).items, []);
    const { counts: _counts, ...head } = deployment;
    const late = store.applyRollout({
      fence,
      expected: 'rolling',
      deployment: { ...head, state: 'rolling' },
      steps: [],
      targets: [],
      quarantine: [],
      events: [],
    });
    await t.rejects(late, refusal('CONFLICT'), 'its rollout finds the fence gone');
    await t.rejects(store.applyFleet({ app: WEB, expected: null, targets: [], events: [] }), refusal('CONFLICT'));
    const [answer] = await store.assignments({ requests: [{ host: hostId(1), heard: null }] });
    t.match(answer, { assignment: { entries: [{ kind: 'remove', app: 'web', volumes: true }] } });

    const [one, other] = [hostId(1), hostId(7)].map((host) => ({
      host,
      app: WEB,
      event: anEvent({ kind: 'app.removed-from-host', host }),
    }));
    if (one === undefined || other === undefined) throw new Error('two removals');
    t.same(await store.removalsDone({ done: [other, one] }), [{ host: hostId(1), app: WEB }]);
    t.same(await store.removalsDone({ done: [one] }), [], 'once');
    const all = { ...FIRST, app: null, host: null, deployment: null, order: 'oldest' } as const;
    const { items } = await store.listEvents({ ...all, kind: 'app.removed-from-host' });
    t.same(
      items.map(({ host }) => host),
      [hostId(1)],
      'only what happened is told, once',
    );
    const again = await enqueue(store, { number: 2 });
    t.equal(again.release.number, 2, 'numbers are never used twice');
    t.equal((await store.listApps(FIRST)).items.length, 1);
  });

  scene(
    'fleet targets hold only while the last succeeded release is the one they were decided on',
    async (t, store) => {
      await addHost(store, 1);
      const first = await enqueue(store, { number: 1 });
      await move(store, first.deployment, ['rolling', 'succeeded']);
      await t.rejects(store.applyFleet({ app: WEB, expected: null, targets: [], events: [] }), refusal('CONFLICT'));
      await store.applyFleet({ app: WEB, expected: 1, targets: [aTarget(hostId(1), 1)], events: [] });
      t.equal((await store.targetsOfHosts({ hosts: [hostId(1)] })).length, 1);
      await store.applyFleet({
        app: WEB,
        expected: 1,
        targets: [{ kind: 'remove', app: WEB, host: hostId(1), volumes: false }],
        events: [],
      });
      t.match(await store.targetsOfHosts({ hosts: [hostId(1)] }), [{ kind: 'remove', volumes: false }]);
    },
  );

  scene('fleet targets give way to a deployment under way, and to an attempt that was given', async (t, store) => {
    await addHost(store, 1);
    const first = await enqueue(store, { number: 1 });
    await move(store, first.deployment, ['rolling', 'succeeded'], [aTarget(hostId(1), 1)]);
    const place = (attempt: number) =>
      store.applyFleet({ app: WEB, expected: 1, targets: [aTarget(hostId(1), 1, { attempt })], events: [anEvent()] });
    const { deployment } = await enqueue(store, { number: 2 });
    await t.rejects(place(2), refusal('CONFLICT'), 'one that is queued may begin at any moment');
    const second = aTarget(hostId(1), 2, { attempt: 2, deployment: deployment.id });
    const rolling = await move(store, deployment, ['rolling'], [second]);

    await t.rejects(place(3), refusal('CONFLICT'));
    t.same(await store.targetsOfApp({ app: WEB }), [second], 'what it wrote stands');

    await move(store, rolling, ['cancelled']);
    await t.rejects(place(2), refusal('CONFLICT'), 'decided before the host was given attempt 2');
    t.same(await store.targetsOfApp({ app: WEB }), [second]);
    await place(3);
    t.match(await store.targetsOfApp({ app: WEB }), [{ release: 1, attempt: 3 }]);
  });

  scene('secrets: versions rise, are never used twice, and go to the hosts that use them', async (t, store) => {
    await addHost(store, 1);
    const put = (version: number, text: string) =>
      store.putSecret({
        app: WEB,
        name: 'db',
        version,
        ciphertext: new TextEncoder().encode(text),
        at: version,
        events: [],
      });
    await put(1, 'one');
    await t.rejects(put(1, 'again'), refusal('CONFLICT'));
    await put(2, 'two');
    t.same(await store.secretVersions({ app: WEB, names: ['db', 'none'] }), { db: 2 });

    const spec = anAppSpec({
      secrets: { password: { name: 'db' } },
      services: {
        web: aService({
          secrets: [
            { secret: 'password', as: 'file', target: '/run/secrets/password', uid: null, gid: null, mode: null },
          ],
        }),
      },
    });
    const { deployment } = await enqueue(store, { number: 1, release: { spec, secretVersions: { password: 1 } } });
    await move(store, deployment, ['rolling'], [aTarget(hostId(1), 1)]);
    const sent = await store.secretsForHost({ host: hostId(1) });
    t.same(sent.missing, []);
    t.same(
      sent.found.map(({ secret, name, version, ciphertext }) => [
        secret,
        name,
        version,
        new TextDecoder().decode(ciphertext),
      ]),
      [['password', 'db', 1, 'one']],
    );

    const removed = () => store.removeSecret({ app: WEB, name: 'db', events: [] });
    await t.rejects(removed(), refusal('CONFLICT'), 'a host runs what uses it');
    await move(store, { ...deployment, state: 'rolling' }, ['cancelled']);
    const fence = await store.takeLease({
      id: (await enqueue(store, { number: 4 })).deployment.id,
      owner: 'one',
      now: 1_000,
      until: 2_000,
    });
    if (fence === null) throw new Error('the lease is taken');
    const next = await store.deployment({ id: deploymentId(4) });
    if (next === null) throw new Error('nothing is queued');
    const apply = (targets: readonly TargetWrite[], expected: 'queued' | 'rolling') =>
      store.applyRollout({
        fence,
        expected,
        deployment: { ...next, state: 'rolling' },
        steps: [],
        targets,
        quarantine: [],
        events: [],
      });
    await apply([aTarget(hostId(1), 2)], 'queued');
    await removed();
    t.same(await store.secretVersions({ app: WEB, names: ['db'] }), {});
    // As in data that was restored from a time before the removal.
    await apply([aTarget(hostId(1), 1)], 'rolling');
    const pinned = { app: WEB, secret: 'password', name: 'db', version: 1 };
    t.same(await store.secretsForHost({ host: hostId(1) }), { found: [], missing: [pinned] });
    t.equal(await store.lastSecretVersion({ app: WEB }), 2);
    await put(3, 'three');
    t.same((await store.listSecrets({ ...FIRST, app: WEB })).items, [{ app: WEB, name: 'db', version: 3, setAt: 3 }]);
    await t.rejects(store.removeSecret({ app: WEB, name: 'none', events: [] }), refusal('NOT_FOUND'));

    await t.rejects(enqueue(store, { number: 2, kept: 1 }), refusal('SECRET_MISSING'), 'another version is no help');
    t.equal(await store.deployment({ id: deploymentId(2) }), null);
    const { release } = await enqueue(store, { number: 3, release: { spec, secretVersions: { password: 3 } } });
    t.equal(release.number, 3);
  });

  scene('a host gets the credentials of the registries of its images alone', async (t, store) => {
    const ciphertext = Uint8Array.from([1]);
    for (const registry of ['a.test', 'b.test', 'c.test', 'docker.io'])
      await store.putRegistry({ registry, username: 'u', ciphertext, at: 1, events: [] });
    for (const number of [1, 2]) await addHost(store, number);
    const needed = async (number: number): Promise<readonly string[]> =>
      (await store.registriesForHost({ host: hostId(number) })).map(({ registry }) => registry);
    const specOf = (images: Readonly<Record<string, string>>) =>
      anAppSpec({
        name: WEB,
        services: Object.fromEntries(
          Object.entries(images).map(([service, reference]) => [
            service,
            aService({ image: { reference, digest: digest('a'), pull: 'always', platform: null } }),
          ]),
        ),
      });
    const onFirst = { [hostId(1)]: { web: 1 } };
    t.same(await needed(1), [], 'it runs nothing');

    const spec = specOf({ web: 'a.test/web:1', db: 'nginx' });
    const first = await enqueue(store, { number: 1, release: { spec }, placement: onFirst });
    t.same(await needed(1), ['a.test'], 'about to run; its database is elsewhere');
    t.same(await needed(2), []);
    await move(store, first.deployment, ['rolling', 'succeeded'], [{ ...aTarget(hostId(1), 1), replicas: { web: 1 } }]);
    t.same(await needed(1), ['a.test']);

    const moved = specOf({ web: 'b.test/web:1' });
    const second = await enqueue(store, { number: 2, release: { spec: moved }, placement: onFirst });
    await move(store, second.deployment, ['rolling'], [{ ...aTarget(hostId(1), 2), replicas: { web: 1 } }]);
    t.same(await needed(1), ['a.test', 'b.test', 'docker.io'], 'it may go back to the release that serves');
    t.same(await needed(2), []);
  });

  scene('a secret stays while a deployment under way may go back to a release that uses it', async (t, store) => {
    await addHost(store, 1);
    await store.putSecret({ app: WEB, name: 'db', version: 1, ciphertext: new Uint8Array([1]), at: 1, events: [] });
    const spec = anAppSpec({ secrets: { password: { name: 'db' } } });
    const first = await enqueue(store, { number: 1, release: { spec, secretVersions: { password: 1 } } });
    await move(store, first.deployment, ['rolling', 'succeeded'], [aTarget(hostId(1), 1)]);
    const second = await enqueue(store, { number: 2 });
    const target = aTarget(hostId(1), 2, { deployment: deploymentId(2), attempt: 2 });
    const rolling = await move(store, second.deployment, ['rolling'], [target]);
    const removed = () => store.removeSecret({ app: WEB, name: 'db', events: [] });

    await t.rejects(removed(), refusal('CONFLICT'));
    t.same(await store.secretVersions({ app: WEB, names: ['db'] }), { db: 1 });
    await move(store, rolling, ['succeeded']);
    await removed();
  });

  scene('removing an app leaves its secrets, or takes them too', async (t, store) => {
    await addHost(store, 1);
    const spec = anAppSpec({ secrets: { password: { name: 'db' } } });
    const names = async () => (await store.listSecrets({ ...FIRST, app: WEB })).items.map(({ name }) => name);
    const secret = { app: WEB, name: 'db', ciphertext: new Uint8Array([1]), at: 1, events: [] };
    const remove = (secrets: boolean) => store.removeApp({ app: WEB, volumes: false, secrets, at: 1, events: [] });
    await store.putSecret({ ...secret, version: 1 });
    const first = await enqueue(store, { number: 1, release: { spec, secretVersions: { password: 1 } } });
    await move(store, first.deployment, ['rolling', 'succeeded'], [aTarget(hostId(1), 1)]);

    await remove(false);
    t.same(await names(), ['db']);
    await enqueue(store, { number: 2, release: { spec, secretVersions: { password: 1 } } });
    await remove(true);
    t.same(await names(), []);
    t.same(await store.secretVersions({ app: WEB, names: ['db'] }), {});
    await store.putSecret({ ...secret, version: 2 });
    t.same(await names(), ['db'], 'a new one has a version of its own');
  });

  scene('a rollback goes to what the app served before, whatever became of later deployments', async (t, store) => {
    await addHost(store, 1);
    let number = 0;
    const deployed = async (states: readonly DeploymentState[], kept?: number) => {
      number += 1;
      const made = await enqueue(store, { number, ...(kept === undefined ? {} : { kept }) });
      const release = made.release.number;
      const target = aTarget(hostId(1), release, { deployment: deploymentId(number), attempt: number });
      const ended = await move(store, made.deployment, states, states.length === 0 ? [] : [target]);
      return { ...ended, release };
    };
    const back = async () => (await store.releaseBefore({ app: WEB }))?.number ?? null;
    const DONE = ['rolling', 'succeeded'] as const;

    t.equal(await back(), null);
    await deployed(DONE);
    t.equal(await back(), null, 'nothing served before the first');
    await deployed(DONE);
    await deployed(['rolling', 'superseded'], 1);
    t.equal(await back(), 1, 'release 1 served, whatever became of its newest deployment');
    await deployed(['rolling', 'superseded'], 2);
    await deployed(DONE);
    t.equal(await back(), 2);

    const under = await deployed(['rolling']);
    t.equal(await back(), 3, 'out of one under way');
    await move(store, under, ['cancelled']);
    t.equal(await back(), 3, 'and out of what one left in place');
    await deployed(DONE, 3);
    t.equal(await back(), 2);
    await deployed(['rolling', 'rolling_back', 'rolled_back']);
    await deployed(DONE, 2);
    t.equal(await back(), 1, 'not to the release that was rolled back from');
    const again = await deployed(['rolling'], 1);
    t.equal(await back(), 1, 'nor while a rollback is under way');
    await move(store, again, ['succeeded']);
    t.equal(await back(), null);
    await deployed(DONE);
    t.equal(await back(), 1, 'what was rolled back from lies in between and is passed over');
    await deployed(DONE, 3);
    t.equal(await back(), 6, 'deployed again, it comes after what served last');
    t.match((await store.listReleases({ ...FIRST, app: WEB })).items, [
      { release: { number: 6 }, served: true },
      { release: { number: 5 }, served: false },
      { release: { number: 4 }, served: false },
      { release: { number: 3 }, served: true },
      { release: { number: 2 }, served: true },
      { release: { number: 1 }, served: true },
    ]);
  });

  scene(
    'the release that a rollback would go to is kept, and the order closes over forgotten ones',
    async (t, store) => {
      await addHost(store, 1);
      const deployed = async (number: number, state: 'succeeded' | 'failed') => {
        const { deployment } = await enqueue(store, { number, keepReleases: 2 });
        await move(store, deployment, ['rolling', state]);
      };
      for (const number of [1, 2, 3]) await deployed(number, 'succeeded');
      for (const number of [4, 5, 6]) await deployed(number, 'failed');
      const kept = (await store.listReleases({ ...FIRST, app: WEB })).items.map(({ release }) => release.number);
      t.same(kept, [6, 5, 3, 2]);
      t.equal((await store.releaseBefore({ app: WEB }))?.number, 2);
      const { deployment } = await enqueue(store, { number: 7, kept: 2, keepReleases: 2 });
      await move(store, deployment, ['rolling', 'succeeded']);
      t.equal(await store.releaseBefore({ app: WEB }), null, 'release 1 was forgotten');
    },
  );

  scene('registries and the key check keep their bytes', async (t, store) => {
    const ciphertext = Uint8Array.from([0, 255, 1]);
    await store.putRegistry({ registry: 'r:5000', username: 'u', ciphertext, at: 1, events: [] });
    t.same(await store.registries(), [{ registry: 'r:5000', username: 'u', setAt: 1, ciphertext }]);
    t.same((await store.listRegistries(FIRST)).items, [{ registry: 'r:5000', username: 'u', setAt: 1 }]);
    await store.removeRegistry({ registry: 'r:5000', events: [] });
    await t.rejects(store.removeRegistry({ registry: 'r:5000', events: [] }), refusal('NOT_FOUND'));
    t.same(await store.keyCheck({ ciphertext }), ciphertext);
    t.same(await store.keyCheck({ ciphertext: Uint8Array.from([9]) }), ciphertext, 'the first one stays');
  });

  scene('the last admin token that works, and the last that does not expire, cannot be revoked', async (t, store) => {
    const make = (id: string, fields: Partial<NewApiToken> = {}) =>
      store.insertToken({
        token: { id, name: id, role: 'admin', hash: `h-${id}`, createdAt: 1, expiresAt: null, ...fields },
        events: [],
      });
    await make('a');
    await make('old', { expiresAt: 5 });
    await t.rejects(store.revokeToken({ id: 'a', at: 10, events: [] }), refusal('CONFLICT'));
    await make('b', { expiresAt: 1_000 });
    await t.rejects(
      store.revokeToken({ id: 'a', at: 10, events: [] }),
      { code: 'CONFLICT', message: /last admin token that does not expire/ },
      'b ends some day',
    );
    await store.revokeToken({ id: 'b', at: 10, events: [] });
    await make('c');
    await store.revokeToken({ id: 'a', at: 10, events: [] });
    t.equal((await store.tokenByHash({ hash: 'h-a' }))?.revokedAt, 10);
    t.equal(await store.hasToken({ role: 'admin', at: 10 }), true);
    t.equal(await store.hasToken({ role: 'viewer', at: 10 }), false);
    const page = await store.listTokens({ limit: 2, after: null });
    t.same(
      page.items.map((token) => token.id),
      ['a', 'old'],
    );
    t.same(
      (await store.listTokens({ limit: 2, after: page.next })).items.map((token) => token.id),
      ['b', 'c'],
    );
    await store.touchTokens({ used: [{ id: 'c', at: 44 }] });
    t.equal((await store.token({ id: 'c' }))?.lastUsedAt, 44);
    await t.rejects(store.revokeToken({ id: 'none', at: 10, events: [] }), refusal('NOT_FOUND'));
  });

  scene(
    'events: numbered without gaps over concurrent writers, chained, and heard after their commit',
    async (t, store, reopen) => {
      const heard: StoredEvent[] = [];
      store.onAppended((events) => heard.push(...events));
      const writers = Array.from({ length: 50 }, (_, index) =>
        index % 5 === 0
          ? store.revokeToken({ id: 'none', at: 1, events: [anEvent()] }).catch((error: unknown) => error)
          : store.appendEvents({
              events: [
                anEvent({ text: `event ${index}`, app: index % 2 === 0 ? WEB : null }),
                anEvent({ host: hostId(1) }),
              ],
            }),
      );
      const answers = await Promise.all(writers);

      t.equal(
        answers.filter((answer) => answer instanceof LongshoreError).length,
        10,
        'refused calls undo only themselves',
      );
      t.same(
        heard.map((event) => event.number),
        Array.from({ length: 80 }, (_, index) => index + 1),
      );
      t.same(await store.verifyEvents({ from: 1, limit: 1000 }), { checked: 80, brokenAt: null, next: null });
      t.match(await store.verifyEvents({ from: 11, limit: 10 }), { checked: 10, brokenAt: null, next: 21 });

      const all = { app: null, host: null, kind: null, deployment: null };
      const newest = await store.listEvents({ limit: 3, after: null, ...all, order: 'newest' });
      t.same(
        newest.items.map((event) => event.number),
        [80, 79, 78],
      );
      const next = await store.listEvents({ limit: 3, after: newest.next, ...all, order: 'newest' });
      t.same(
        next.items.map((event) => event.number),
        [77, 76, 75],
      );
      t.equal((await store.listEvents({ ...FIRST, ...all, app: WEB, order: 'oldest' })).items.length, 20);
      t.equal((await store.listEvents({ ...FIRST, ...all, app: appName('none'), order: 'oldest' })).items.length, 0);

      const again = await reopen();
      const [event] = await again.appendEvents({ events: [anEvent()] });
      t.equal(event?.number, 81, 'and on after a restart');
      t.ok((await again.databaseBytes()) > 50_000);
      t.same(await again.verifyEvents({ from: 1, limit: 1000 }), { checked: 81, brokenAt: null, next: null });
    },
  );

  scene(
    'texts are in the order of their bytes, over pages too, and a zero byte in an event breaks nothing',
    async (t, store) => {
      const names = ['zeta', 'Beta', 'alpha', 'a-b', 'ab', 'äpfel', 'a.c'];
      for (const [index, name] of names.entries()) await addHost(store, index + 1, { name });
      const seen: string[] = [];
      let after: string | null = null;
      do {
        const page: Awaited<ReturnType<Store['listHosts']>> = await store.listHosts({
          limit: 2,
          after,
          pool: null,
          app: null,
        });
        seen.push(...page.items.map((host) => host.name));
        after = page.next;
      } while (after !== null);
      t.same(
        seen,
        names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
      );

      await store.appendEvents({ events: [anEvent({ text: 'it said \0 and ended' })] });
      t.match(await store.verifyEvents({ from: 1, limit: 1000 }), { brokenAt: null });
    },
  );

  scene('a request is begun once, answered as it was, and forgotten after its time', async (t, store) => {
    const request = { actor: 't-1', key: 'k', hash: 'h', at: 1_000, until: 2_000, most: 3 };
    const ciphertext = new Uint8Array([1, 0, 255]);
    t.same(await store.beginRequest(request), { kind: 'begun' });
    t.same(await store.beginRequest(request), { kind: 'begun' }, 'whoever began it has not answered');
    await store.answerRequest({ actor: 't-1', key: 'k', ciphertext });
    t.same(await store.beginRequest(request), { kind: 'answered', ciphertext });
    t.same(await store.beginRequest({ ...request, hash: 'other' }), { kind: 'differs' });
    t.same(await store.beginRequest({ ...request, actor: 't-2' }), { kind: 'begun' }, 'keys are of a token');
    await store.forgetRequest({ actor: 't-2', key: 'k' });
    t.same(await store.beginRequest({ ...request, actor: 't-2', hash: 'other' }), { kind: 'begun' });
    t.same(await store.beginRequest({ ...request, hash: 'other', at: 2_000, until: 3_000 }), { kind: 'begun' });
    for (const key of ['a', 'b', 'c']) await store.beginRequest({ ...request, key, at: 2_001, until: 3_000 });
    t.same(await store.beginRequest({ ...request, hash: 'new', at: 2_002 }), { kind: 'begun' }, 'the oldest went');
  });

  scene(
    'events go by age, those of people after their own time; the rest still verifies and is paged',
    async (t, store) => {
      const host = { kind: 'host', host: 'a', detail: 'its agent' } as const;
      const at = (day: number) => day * 86_400_000;
      const events = Array.from({ length: 40 }, (_, day) =>
        day % 4 === 0
          ? anEvent({ at: at(day), host: hostId(1) })
          : anEvent({
              at: at(day),
              host: hostId(1),
              cause: day % 4 === 1 ? { kind: 'schedule', detail: 'due' } : host,
            }),
      );
      // A clock that was wrong holds up nothing.
      await store.appendEvents({ events: [anEvent({ at: at(9_000), host: hostId(1), cause: host }), ...events] });
      const list = async (after: string | null, order: 'newest' | 'oldest') =>
        (await store.listEvents({ ...ALL_EVENTS, after, limit: 10, order })).items.map(({ number }) => number);
      const before = { person: at(10), coordinator: at(30), host: at(30) };

      const removed: PrunedEvents[] = [];
      for (;;) {
        const some = await store.pruneEvents({ before, maxBytes: null, limit: 7 });
        t.match(await store.verifyEvents({ from: 1, limit: 1000 }), { brokenAt: null });
        if (some.length === 0) break;
        t.ok(some.reduce((sum, part) => sum + part.events, 0) <= 7);
        removed.push(...some);
      }

      const sum = (source: string) =>
        removed.filter((part) => part.source === source).reduce((n, p) => n + p.events, 0);
      t.same([sum('host'), sum('coordinator'), sum('person')], [14, 8, 3]);
      t.same(await list(null, 'oldest'), [1, 14, 18, 22, 26, 30, 32, 33, 34, 35]);
      t.same(await list('3', 'oldest'), [14, 18, 22, 26, 30, 32, 33, 34, 35, 36], 'a cursor on an event that is gone');
      t.same(await list('27', 'newest'), [26, 22, 18, 14, 1]);
      for (let from = 1; from <= 42; from += 1)
        t.match(await store.verifyEvents({ from, limit: 3 }), { brokenAt: null }, `from ${from}`);
      const [next] = await store.appendEvents({ events: [anEvent()] });
      t.equal(next?.number, 42);
      t.match(await store.verifyEvents({ from: 1, limit: 1000 }), { checked: 17, brokenAt: null });
      const all = { person: at(10_000), coordinator: at(10_000), host: at(10_000) };
      while ((await store.pruneEvents({ before: all, maxBytes: null, limit: 500 })).length > 0);
      t.same(await list(null, 'newest'), []);
      t.equal((await store.appendEvents({ events: [anEvent()] }))[0]?.number, 43, 'numbers are not given again');
      t.match(await store.verifyEvents({ from: 1, limit: 1000 }), { checked: 1, brokenAt: null });
    },
  );

  scene('a host that fills the log loses its own events, and nobody else any', async (t, store) => {
    const says = (number: number, text: string) =>
      anEvent({ host: hostId(number), cause: { kind: 'host', host: `host-${number}`, detail: 'its agent' }, text });
    const noise = 'x'.repeat(2_000);
    await store.appendEvents({ events: [anEvent({ text: 'ada made a token' }), says(1, 'first'), says(2, 'hello')] });
    await store.appendEvents({ events: [anEvent({ cause: { kind: 'coordinator', detail: 'start' } })] });
    await store.appendEvents({ events: Array.from({ length: 60 }, () => says(1, noise)) });
    const never = { person: null, coordinator: null, host: null };
    const removed: PrunedEvents[] = [];
    for (;;) {
      const some = await store.pruneEvents({ before: never, maxBytes: 40_000, limit: 8 });
      if (some.length === 0) break;
      removed.push(...some);
    }

    t.ok(removed.every((part) => part.host === hostId(1) && part.reason === 'size'));
    const { items } = await store.listEvents({ ...ALL_EVENTS, order: 'oldest' });
    t.same(
      items.slice(0, 3).map(({ number }) => number),
      [1, 3, 4],
    );
    t.ok(items.length > 15 && items.length < 20, `${items.length} events of 2.5 KB are kept in 40 KB`);
    t.match(await store.verifyEvents({ from: 1, limit: 1000 }), { brokenAt: null });

    const own = Array.from({ length: 30 }, () => anEvent({ cause: { kind: 'schedule', detail: 'due' }, text: noise }));
    await store.appendEvents({ events: own });
    while ((await store.pruneEvents({ before: never, maxBytes: 40_000, limit: 8 })).length > 0);
    const kept = (await store.listEvents({ ...ALL_EVENTS, order: 'oldest' })).items;
    t.ok(
      kept.some(({ number }) => number === 3),
      'the few of another host',
    );
    t.ok(kept.filter(({ cause }) => cause.kind === 'schedule').length <= 8, "the coordinator's own have half");
    t.ok(kept.filter(({ host }) => host === hostId(1)).length > 5);
    t.equal(kept[0]?.number, 1, 'a person');
  });

  scene('steps of old deployments go, but not those that hosts stand on', async (t, store) => {
    for (const number of [1, 2]) await addHost(store, number);
    const deployed = async (number: number, host: HostId | null, fields = {}) => {
      const { deployment } = await enqueue(store, { number, keepReleases: 2, ...fields });
      const fence = await lease(store, deployment.id);
      const { counts: _counts, ...head } = { ...deployment, state: 'rolling' as const };
      const steps = [1, 2].map((index) => aStep({ host: hostId(index), state: 'passed' }));
      const targets = host === null ? [] : [aTarget(host, deployment.release, { deployment: deployment.id })];
      const change = { fence, quarantine: [], events: [] };
      await store.applyRollout({ ...change, expected: 'queued', deployment: head, steps, targets });
      const ended = { ...head, state: 'succeeded' as const, endedAt: 5_000 };
      await store.applyRollout({ ...change, expected: 'rolling', deployment: ended, steps: [], targets: [] });
    };
    // One host was away since the second.
    for (const number of [1, 2, 3, 4, 5]) await deployed(number, number === 2 ? hostId(2) : hostId(1));
    const { deployment: open } = await enqueue(store, { number: 6, keepReleases: 2 });

    let found: Awaited<ReturnType<typeof store.pruneDeployments>> | null = null;
    let [steps, deployments] = [0, 0];
    do {
      found = await store.pruneDeployments({ before: 10_000, after: found?.next ?? null, limit: 3 });
      t.ok(found.steps <= 3);
      steps += found.steps;
      deployments += found.deployments;
    } while (found.next !== null);

    t.same([steps, deployments], [6, 2], 'of 1, 3 and 4; the releases of 1 and 3 are not kept');
    const listed = (await store.listDeployments({ ...FIRST, app: WEB })).items.map(({ id }) => id);
    t.same(listed, [6, 5, 4, 2].map(deploymentId));
    const left = async (number: number) =>
      (await store.listSteps({ ...FIRST, deployment: deploymentId(number), wave: null, state: null })).items.length;
    t.same([await left(2), await left(4), await left(5)], [2, 0, 2]);
    t.match(
      (await store.deployment({ id: deploymentId(4) }))?.counts,
      [{ state: 'passed', hosts: 2 }],
      'their sum stays',
    );
    t.match(await store.deployment({ id: open.id }), { state: 'queued' });
    t.same(await store.pruneDeployments({ before: 1_000, after: null, limit: 3 }), {
      steps: 0,
      deployments: 0,
      next: null,
    });
  });

  scene('what is closed answers that the coordinator stops', async (t, store) => {
    const last = store.appendEvents({ events: [anEvent()] });
    const closed = store.close();
    await t.resolves(last, 'what was under way is finished');
    await closed;
    await t.rejects(store.allHosts(), refusal('SHUTTING_DOWN'));
  });
}
