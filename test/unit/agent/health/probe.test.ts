import t from 'tap';
import { makeProbe } from '../../../../agent/health/probe.ts';
import type { InstanceId } from '../../../../fleet/ids.ts';
import { makeMask } from '../../../../fleet/secret-mask.ts';

const instance = 'i-000000000001' as InstanceId;
const { signal } = new AbortController();

t.test('probe: a path or host that cannot be sent is an answer, not the end of the agent', async (t) => {
  const probe = makeProbe({ exec: () => Promise.reject(new Error('not asked')) }, (text) => text);
  const ask = { instance, address: '127.0.0.1', timeoutMs: 1_000 };
  for (const [path, host] of [
    ['/hé alth', null],
    ['/', 'bad host\té€'],
  ] as const) {
    const answer = await probe({ ...ask, check: { kind: 'http', port: 9, path, host, scheme: 'http' } }, signal);
    t.match(answer, { isHealthy: false, text: /ERR_UNESCAPED|unescaped|Invalid character/ }, path);
  }
});

t.test('probe: a command prints no secret', async (t) => {
  const output = `${'x'.repeat(10)}t0ps3cret${'y'.repeat(505)}`;
  const probe = makeProbe({ exec: () => Promise.resolve({ exitCode: 1, output }) }, makeMask(['t0ps3cret']));
  const check = { kind: 'exec', command: ['check'] } as const;
  const answer = await probe({ instance, address: null, timeoutMs: 1_000, check }, signal);
  t.notMatch(answer?.text, /cret/);
});
