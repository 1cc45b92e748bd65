/**
 * An answer as bytes. dns-packet writes the name anew for every address, 60 bytes each, and an answer of more than
 * 1,232 bytes is cut; a pointer to the question's name makes it 16. Pure.
 */
import { encode, type Packet } from 'dns-packet';

export interface AddressReply {
  /** With its question and without answers. */
  readonly packet: Packet;
  /** IPv4, for the question's name. */
  readonly addresses: readonly string[];
}

const ANSWER_COUNT_AT = 6;
/** The question's name stands after the head of 12 bytes; two set bits make it a pointer. */
const NAME_OF_QUESTION = 0xc00c;
const TYPE_A = 1;
const CLASS_IN = 1;
const RECORD_BYTES = 16;

export function encodeReply({ packet, addresses }: AddressReply): Uint8Array {
  const head = encode(packet);
  const bytes = new Uint8Array(head.length + addresses.length * RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(head);
  view.setUint16(ANSWER_COUNT_AT, addresses.length);
  for (const [index, address] of addresses.entries()) {
    const at = head.length + index * RECORD_BYTES;
    view.setUint16(at, NAME_OF_QUESTION);
    view.setUint16(at + 2, TYPE_A);
    view.setUint16(at + 4, CLASS_IN);
    // Life of 0 s: Caddy alone decides how long it believes.
    view.setUint32(at + 6, 0);
    view.setUint16(at + 10, 4);
    bytes.set(address.split('.').map(Number), at + 12);
  }
  return bytes;
}
