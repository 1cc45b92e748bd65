import t from 'tap';
import type { FrameSocket } from '../../../../agent/session/frame-socket.ts';
import { DATA_AHEAD_BYTES, Outbound } from '../../../../agent/session/outbound.ts';

/** A socket whose kernel takes frames when the test says so. */
class SlowSocket implements FrameSocket {
  bufferedBytes = 0;
  readonly sent: string[] = [];
  #queue: { bytes: number; flushed: () => void }[] = [];

  send(text: string, onFlushed: () => void): void {
    this.sent.push(text);
    this.bufferedBytes += text.length;
    this.#queue.push({ bytes: text.length, flushed: onFlushed });
  }

  flushOne(): void {
    const first = this.#queue.shift();
    if (first === undefined) return;
    this.bufferedBytes -= first.bytes;
    first.flushed();
  }

  get kinds(): string[] {
    return this.sent.map((text) => {
      const { kind, stream } = JSON.parse(text) as { kind: string; stream?: string };
      return stream === undefined ? kind : `${kind} ${stream}`;
    });
  }

  close(): void {
    this.sent.push('{"kind":"close"}');
  }

  destroy(): void {
    this.sent.push('{"kind":"destroy"}');
  }
}

const data = (stream: string, bytes = DATA_AHEAD_BYTES) =>
  ({ kind: 'stream-data', stream, fd: 1, data: 'x'.repeat(bytes) }) as const;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const noFlaw = (flaw: string): void => {
  throw new Error(flaw);
};

t.test('Outbound: a control message goes before all stream data that waits', async (t) => {
  const socket = new SlowSocket();
  const outbound = new Outbound(socket, () => undefined, noFlaw);
  void outbound.sendData(data('a'));
  void outbound.sendData(data('a'));
  void outbound.sendData(data('a'));

  outbound.send({ kind: 'heartbeat' });

  t.same(socket.kinds, ['stream-data a', 'heartbeat']);
  t.ok(socket.bufferedBytes < 2 * DATA_AHEAD_BYTES);
});

t.test('Outbound: streams take turns, each in order', async (t) => {
  const socket = new SlowSocket();
  const outbound = new Outbound(socket, () => undefined, noFlaw);
  const pump = async (stream: string): Promise<void> => {
    for (let count = 0; count < 3; count += 1) await outbound.sendData(data(stream));
  };
  void pump('a');
  void pump('b');

  for (let count = 0; count < 6; count += 1) {
    await turn();
    socket.flushOne();
  }
  await turn();

  t.same(socket.kinds, [
    'stream-data a',
    'stream-data b',
    'stream-data a',
    'stream-data b',
    'stream-data a',
    'stream-data b',
  ]);
});

t.test('Outbound: nothing waits for ever, and nothing is sent after the end', async (t) => {
  const socket = new SlowSocket();
  const outbound = new Outbound(socket, () => undefined, noFlaw);
  await outbound.sendData(data('a'));
  const waiting = Promise.all([outbound.sendData(data('b')), outbound.sendData(data('c'))]);

  outbound.end();
  await waiting;
  outbound.send({ kind: 'heartbeat' });
  await outbound.sendData(data('d', 1));

  t.same(socket.kinds, ['stream-data a']);
});
