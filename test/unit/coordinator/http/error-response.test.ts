import t from 'tap';
import { ERRORS, LongshoreError } from '../../../../fleet/errors.ts';
import type { ErrorCode } from '../../../../fleet/errors.ts';
import { statusOf, toErrorResponse } from '../../../../coordinator/http/error-response.ts';

t.test('statusOf: every code is a client or server error', (t) => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) t.ok(statusOf(code) >= 400 && statusOf(code) < 600, code);
  t.end();
});

t.test('toErrorResponse: a refusal keeps its problem and its Retry-After', (t) => {
  const response = toErrorResponse(new LongshoreError('RATE_LIMITED', 'too fast', { retryAfterMs: 1_200 }), 'r-1');

  t.match(response, { status: 429, body: { code: 'RATE_LIMITED', message: 'too fast' }, retryAfterSeconds: 2 });
  t.end();
});

t.test('toErrorResponse: an unexpected fault shows its request id and none of its text', (t) => {
  const response = toErrorResponse(new Error('password=hunter2 at /srv'), 'r-9');

  t.equal(response.status, 500);
  t.match(response.body.message, /r-9/);
  t.notMatch(JSON.stringify(response), /hunter2/);
  t.end();
});
