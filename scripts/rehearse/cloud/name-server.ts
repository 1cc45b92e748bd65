/**
 * The machines' resolver, at the address where Google's is: its own names and Google's lead to the stand-in, instances
 * have their internal names, zones of Cloud DNS their records. Nothing else has an answer, as the rehearsal has no world.
 */
import dgram from 'node:dgram';
import net from 'node:net';
import packet from 'dns-packet';

export type Lookup = (name: string) => readonly string[];

/** Undefined: not a question that can be answered at all. */
export function answerQuestion(question: Buffer, lookup: Lookup): Buffer | undefined {
  const asked = packet.decode(question);
  const [first] = asked.questions ?? [];
  if (first === undefined) return undefined;
  const name = first.name.toLowerCase();
  const addresses = lookup(name);
  const answers =
    first.type === 'A'
      ? addresses.map((data) => ({ type: 'A' as const, class: 'IN' as const, name: first.name, ttl: 30, data }))
      : [];
  const recursion = packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE;
  // 3: no such name. A name that has only addresses of version 4 exists for every other question.
  const code = addresses.length === 0 ? 3 : 0;
  return packet.encode({ type: 'response', id: asked.id ?? 0, flags: recursion | code, questions: [first], answers });
}

export function serveNames(address: string, lookup: Lookup, say: (line: string) => void): Promise<void> {
  const answer = (question: Buffer): Buffer | undefined => {
    try {
      return answerQuestion(question, lookup);
    } catch (error) {
      say(`a question to the resolver was not understood: ${String(error)}`);
      return undefined;
    }
  };
  const udp = dgram.createSocket('udp4');
  udp.on('message', (question, from) => {
    const reply = answer(question);
    if (reply !== undefined) udp.send(reply, from.port, from.address);
  });
  const tcp = net.createServer((socket) => {
    let held = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => {
      held = Buffer.concat([held, bytes]);
      while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
        const size = held.readUInt16BE(0);
        const reply = answer(held.subarray(2, 2 + size));
        held = held.subarray(2 + size);
        if (reply === undefined) continue;
        const head = Buffer.alloc(2);
        head.writeUInt16BE(reply.length);
        socket.write(Buffer.concat([head, reply]));
      }
    });
  });
  return new Promise((resolve, reject) => {
    udp.once('error', reject);
    tcp.once('error', reject);
    udp.bind(53, address, () => tcp.listen(53, address, resolve));
  });
}
