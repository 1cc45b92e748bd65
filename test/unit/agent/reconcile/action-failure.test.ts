import t from 'tap';
import { LongshoreError } from '../../../../fleet/errors.ts';
import type { ErrorCode } from '../../../../fleet/errors.ts';
import type { Action } from '../../../../agent/reconcile/action.ts';
import { toActionFailure } from '../../../../agent/reconcile/action-failure.ts';
import { instanceId } from '../../../support/agent-planning.ts';
import { appName, digest } from '../../../support/app-builders.ts';

const app = appName('web');
const pull: Action = { kind: 'pull', app, request: { reference: 'r/web:1', digest: digest('a'), platform: null } };
const start: Action = { kind: 'start', app, service: 'web', replica: 2, instance: instanceId(1) };
const failure = (action: Action, error: unknown, before = 0) =>
  toActionFailure({ action, error, before, nowMs: 1_000, random: 1 });
const error = (code: ErrorCode, retryAfterMs?: number): LongshoreError =>
  new LongshoreError(code, code, retryAfterMs === undefined ? {} : { retryAfterMs });

t.test('toActionFailure: transient faults are tried again, later each time, never sooner than asked', (t) => {
  t.match(failure(pull, error('REGISTRY_UNAVAILABLE')), { retryable: true, count: 1, retryAtMs: 2_000 });
  t.match(failure(pull, error('REGISTRY_UNAVAILABLE'), 3), { count: 4, retryAtMs: 9_000 });
  t.match(failure(pull, error('REGISTRY_RATE_LIMITED', 90_000)), { retryable: true, retryAtMs: 91_000 });
  t.end();
});

t.test('toActionFailure: permanent faults are not', (t) => {
  t.match(failure(pull, error('IMAGE_NOT_FOUND')), { retryable: false });
  t.match(failure(start, error('PORT_IN_USE')), { retryable: false });
  t.end();
});

t.test('toActionFailure: a failed start names service and replica', (t) => {
  const taken = new LongshoreError('PORT_IN_USE', `start ${instanceId(1)}: host port 80 is taken`);
  t.match(failure(start, taken), { problem: { code: 'PORT_IN_USE', message: 'start web/2: host port 80 is taken' } });
  t.end();
});

t.test('toActionFailure: a journal that cannot be written is tried again, with growing pauses of seconds', (t) => {
  const commit: Action = { kind: 'commit', app, images: {} };
  t.match(failure(commit, error('NO_SPACE')), { retryable: true, retryAtMs: 2_000, problem: { code: 'NO_SPACE' } });
  t.match(failure(commit, error('STATE_FILE_INVALID'), 2), { retryable: true, retryAtMs: 5_000 });
  t.match(failure(commit, error('NO_SPACE'), 50), { retryable: true, retryAtMs: 16_000 });
  t.match(failure(start, error('NO_SPACE')), { retryable: false });
  t.end();
});

t.test('toActionFailure: a world that changed under the plan is looked at again', (t) => {
  t.match(failure(start, error('NOT_FOUND')), { retryable: true });
  t.match(failure(start, error('IMAGE_NOT_FOUND')), { retryable: true });
  t.end();
});

t.test('toActionFailure: what nobody expected names its action', (t) => {
  t.match(failure(start, new TypeError('x is undefined')), {
    retryable: true,
    problem: { code: 'INTERNAL', message: 'start: x is undefined' },
  });
  t.end();
});

t.test('toActionFailure: a full disk is tried once more, because held images are let go meanwhile', (t) => {
  t.match(failure(pull, error('NO_SPACE')), { retryable: true });
  t.match(failure(pull, error('NO_SPACE'), 1), { retryable: false });
  t.match(failure(start, error('NO_SPACE')), { retryable: false });
  t.end();
});
