import t from 'tap';
import { AgentStreams } from '../../../../coordinator/hub/agent-streams.ts';
import { appName } from '../../../support/app-builders.ts';

t.test('AgentStreams: what waits for the reader is counted, and what it has taken is not', async (t) => {
  const streams = new AgentStreams({ name: 'quay-1', send: () => undefined, sendSlowly: () => Promise.resolve() });
  let waits = 0;
  let take: () => void = () => undefined;
  const taken = new Promise<void>((resolve) => (take = resolve));
  const sink = { chunk: () => taken, holds: (bytes: number) => void (waits += bytes) };
  const target = { app: appName('web'), service: null, instance: null };
  const ended = streams.logs(target, { follow: true, tail: null, sinceMs: null }, sink, new AbortController().signal);
  const data = Buffer.alloc(1_000).toString('base64');

  for (let count = 0; count < 3; count += 1) streams.onMessage({ kind: 'stream-data', stream: 's1', fd: 1, data });
  t.equal(waits, 3_000);
  take();
  streams.onMessage({ kind: 'stream-end', stream: 's1', exitCode: null, problem: null });
  await ended;

  t.equal(waits, 0);
});
