// The answerer's sockets, and what hostile or cut messages do to them.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { decode, encode, streamDecode, streamEncode, type Packet } from 'dns-packet';
import t from 'tap';
import { DnsAnswerer } from '../../agent/ingress/dns-answerer.ts';

const query: Packet = {
  type: 'query',
  id: 5,
  questions: [{ type: 'A', name: 'e1.web.upstream.longshore.internal' }],
};

async function open(t: { teardown(work: () => unknown): void }): Promise<DnsAnswerer> {
  const answerer = await DnsAnswerer.listen(0);
  t.teardown(() => answerer.close());
  answerer.setAnswers(new Map([['web', ['10.0.0.2']]]));
  return answerer;
}

t.test('DnsAnswerer: answers by UDP, and goes on after what is no query', async (t) => {
  const answerer = await open(t);
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('x'),
    Buffer.alloc(600, 0xff),
    encode({ ...query, type: 'response' }),
  ])
    socket.send(bytes, answerer.port, '127.0.0.1');
  socket.send(encode(query), answerer.port, '127.0.0.1');

  const [message] = (await once(socket, 'message')) as [Buffer];
  t.match(decode(message), { id: 5, answers: [{ type: 'A', data: '10.0.0.2', ttl: 0 }] });
});

t.test('DnsAnswerer: answers by TCP on the same port, in pieces and one after the other', async (t) => {
  const answerer = await open(t);
  const socket = net.connect(answerer.port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  const bytes = streamEncode(query);
  socket.setNoDelay(true);
  socket.write(bytes.subarray(0, 3));
  socket.write(Buffer.concat([bytes.subarray(3), bytes]));

  let received = Buffer.alloc(0);
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer]);
    if (received.length >= 2 * (received.readUInt16BE(0) + 2)) break;
  }
  const length = received.readUInt16BE(0) + 2;
  for (const part of [received.subarray(0, length), received.subarray(length)])
    t.match(streamDecode(part), { answers: [{ data: '10.0.0.2' }] });
});

t.test('DnsAnswerer: cuts a TCP client that sends something else', async (t) => {
  const answerer = await open(t);
  const socket = net.connect(answerer.port, '127.0.0.1');
  socket.end('GET / HTTP/1.1\r\n\r\n');
  socket.resume();

  await once(socket, 'close');
  t.pass('closed');
});

t.test('DnsAnswerer: a taken port is named', async (t) => {
  const answerer = await open(t);

  await t.rejects(DnsAnswerer.listen(answerer.port), {
    code: 'PORT_IN_USE',
    message: new RegExp(String(answerer.port)),
  });
});
