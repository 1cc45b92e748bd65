// A process that was suspended finds its timers due before it has read what came meanwhile.
import { once } from 'node:events';
import { request } from 'node:http';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { withTimeLimit } from '../../../agent/with-time-limit.ts';

/** Answers while this thread stands still. */
const server = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:http').createServer((_request, response) => response.end('ok'));
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

t.test('time limit: an answer that came while the process was suspended counts', async (t) => {
  const worker = new Worker(server, { eval: true });
  t.teardown(() => worker.terminate());
  const [port] = (await once(worker, 'message')) as [number];

  const status = await withTimeLimit(new AbortController().signal, 200, (signal) => {
    const answered = new Promise<number>((resolve, reject) => {
      request({ host: '127.0.0.1', port, agent: false, signal }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      })
        .on('error', reject)
        .on('socket', (socket) => socket.on('connect', () => setImmediate(standStill)))
        .end();
    });
    return answered;
  });

  t.equal(status, 200);
});

t.test('time limit: what does not answer is over in time', async (t) => {
  await t.rejects(
    withTimeLimit(
      new AbortController().signal,
      50,
      (signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    ),
    { name: 'TimeoutError' },
  );
});

function standStill(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
}
