// As much of a websocket server as an echo of short messages needs: the handshake's answer, frames of up to 125 bytes
// in, the same out. Anything else ends the connection.
import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';

const magic = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const opcodes = { text: 1, close: 8, ping: 9, pong: 10 } as const;
const longest = 125;
const headBytes = 6;

export function acceptKey(key: string): string {
  return createHash('sha1').update(`${key}${magic}`).digest('base64');
}

/** What to write for what came, and what is left until more comes; null = end the connection. */
export function answerFrames(received: Buffer): { readonly write: Buffer; readonly rest: Buffer } | null {
  const answers: Buffer[] = [];
  let rest = received;
  while (rest.length >= headBytes) {
    const opcode = (rest[0] ?? 0) & 0x0f;
    const length = (rest[1] ?? 0) & 0x7f;
    if (length > longest) return null;
    if (rest.length < headBytes + length) break;
    const mask = rest.subarray(2, headBytes);
    const payload = Buffer.from(
      rest.subarray(headBytes, headBytes + length).map((byte, at) => byte ^ (mask[at % 4] ?? 0)),
    );
    rest = rest.subarray(headBytes + length);
    if (opcode === opcodes.text) answers.push(frame(opcodes.text, payload));
    else if (opcode === opcodes.ping) answers.push(frame(opcodes.pong, payload));
    else if (opcode !== opcodes.pong) return null;
  }
  return { write: Buffer.concat(answers), rest };
}

function frame(opcode: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x80 | opcode, payload.length]), payload]);
}

export function echoFrames(socket: Duplex): void {
  let received: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    const answered = answerFrames(Buffer.concat([received, chunk]));
    if (answered === null) {
      socket.end(Buffer.from([0x80 | opcodes.close, 0]));
      return;
    }
    received = answered.rest;
    if (answered.write.length > 0) socket.write(answered.write);
  });
}
