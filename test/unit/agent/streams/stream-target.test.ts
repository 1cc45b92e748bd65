import t from 'tap';
import type { ContainerObservation } from '../../../../agent/engine/container-engine.ts';
import { describeTarget, execTarget, logSources } from '../../../../agent/streams/stream-target.ts';
import { appName } from '../../../support/app-builders.ts';

const container = (
  instance: string,
  service: string,
  fields: Partial<ContainerObservation> = {},
): ContainerObservation =>
  ({
    instance,
    app: 'shop',
    service,
    replica: 1,
    state: 'running',
    release: 1,
    startedAtMs: 0,
    ...fields,
  }) as ContainerObservation;
const target = (service: string | null = null, instance: string | null = null) => ({
  app: appName('shop'),
  service,
  instance,
});

const all = [
  container('i-2', 'web', { replica: 2 }),
  container('i-1', 'web'),
  container('i-old', 'web', { state: 'exited', startedAtMs: -5 }),
  container('i-db', 'db'),
  container('i-x', 'web', { app: appName('other') }),
];

t.test('logSources: all of the app, of the service or the one, stopped ones too', (t) => {
  const ids = (...given: Parameters<typeof target>): string[] =>
    logSources(target(...given), all).map(({ instance }) => instance);

  t.same(ids(), ['i-db', 'i-old', 'i-1', 'i-2']);
  t.same(ids('web'), ['i-old', 'i-1', 'i-2']);
  t.same(ids(null, 'i-2'), ['i-2']);
  t.same(ids('db', 'i-2'), []);
  t.end();
});

t.test('execTarget: a running one of the newest release, lowest replica first', (t) => {
  t.equal(execTarget(target('web'), all)?.instance, 'i-1');
  t.equal(
    execTarget(target('web'), [...all, container('i-new', 'web', { release: 2, replica: 3 })])?.instance,
    'i-new',
  );
  t.equal(execTarget(target(null, 'i-old'), all), null, 'it does not run');
  t.equal(execTarget(target('cache'), all), null);
  t.end();
});

t.test('describeTarget: for a message', (t) => {
  t.equal(describeTarget(target('web', 'i-1')), 'shop/web/i-1');
  t.equal(describeTarget(target()), 'shop');
  t.end();
});
