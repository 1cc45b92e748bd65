import t from 'tap';
import { LongshoreError } from '../../../../fleet/errors.ts';
import { type Action, ACTION_KINDS, type Executors } from '../../../../agent/reconcile/action.ts';
import { ActionRunner } from '../../../../agent/reconcile/action-runner.ts';
import { laneLimits } from '../../../../agent/reconcile/admission.ts';
import { Memory } from '../../../../agent/reconcile/memory.ts';
import { instanceId } from '../../../support/agent-planning.ts';
import { appName } from '../../../support/app-builders.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const ensureNetwork: Action = { kind: 'ensure-network', app: appName('web'), subnet: '10.213.0.0/24' };

t.test('ActionRunner: two parts of a plan that want one object make one action', async (t) => {
  let begun = 0;
  const count = (): Promise<void> => {
    begun += 1;
    return Promise.resolve();
  };
  const executors = Object.fromEntries(ACTION_KINDS.map((kind) => [kind, count])) as unknown as Executors;
  const runner = new ActionRunner({
    executors,
    memory: new Memory(false),
    clock: new ManualClock(),
    random: () => 0,
    limits: laneLimits(2),
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    faultPoint: () => undefined,
    onDone: () => undefined,
    onSurprise: () => undefined,
  });

  runner.run([ensureNetwork, { ...ensureNetwork }]);
  await runner.close();

  t.equal(begun, 1);
  t.ok(runner.isIdle);
});

t.test('ActionRunner: after a start that failed the files of its app are looked at again', async (t) => {
  const memory = new Memory(false);
  const ready = { kind: 'ready', mounts: {}, environment: {} } as const;
  memory.files.set('web#1#1#', ready);
  memory.files.set('web2#1#1#', ready);
  const refuse = (): Promise<void> =>
    Promise.reject(new LongshoreError('ENGINE_REFUSED', 'start it: bind source path does not exist'));
  const runner = new ActionRunner({
    executors: Object.fromEntries(ACTION_KINDS.map((kind) => [kind, refuse])) as unknown as Executors,
    memory,
    clock: new ManualClock(),
    random: () => 0,
    limits: laneLimits(2),
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    faultPoint: () => undefined,
    onDone: () => undefined,
    onSurprise: () => undefined,
  });

  runner.run([{ kind: 'start', app: appName('web'), service: 'web', replica: 1, instance: instanceId(1) }]);
  await runner.close();

  t.same([...memory.files.keys()], ['web2#1#1#']);
});
