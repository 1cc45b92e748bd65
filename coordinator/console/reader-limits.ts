/**
 * What readers may make the coordinator hold for them. Output that a reader does not take waits here, by the stream's
 * window for each host: many streams of one reader who takes nothing would be all of the memory. Whoever takes what
 * comes never meets these bounds.
 */
import { LongshoreError } from '../../fleet/errors.ts';

/** Of answers that the socket has not sent. Beyond the first nothing more is read from it, beyond the second it ends. */
export const PAUSE_BYTES = 4 * 1024 * 1024;
export const CUT_BYTES = 32 * 1024 * 1024;

const MIB = 1024 * 1024;
const SOCKET_BYTES = 32 * MIB;
const TOKEN_BYTES = 64 * MIB;
const TOKEN_SOCKETS = 100;

interface Holding {
  sockets: number;
  bytes: number;
}

export class ReaderLimits {
  readonly #tokens = new Map<string, Holding>();

  /** @throws RATE_LIMITED where the token has too many sockets */
  open(token: string, name: string): SocketHolding {
    const holding = this.#tokens.get(token) ?? { sockets: 0, bytes: 0 };
    if (holding.sockets >= TOKEN_SOCKETS)
      throw new LongshoreError('RATE_LIMITED', `open a console: token ${name} has ${TOKEN_SOCKETS} open`, {
        hint: 'Close some, or give each pipeline a token of its own.',
      });
    holding.sockets += 1;
    this.#tokens.set(token, holding);
    return new SocketHolding(holding, () => {
      holding.sockets -= 1;
      if (holding.sockets === 0) this.#tokens.delete(token);
    });
  }
}

export class SocketHolding {
  readonly #token: Holding;
  readonly #onClose: () => void;
  #bytes = 0;
  #isClosed = false;

  constructor(token: Holding, onClose: () => void) {
    this.#token = token;
    this.#onClose = onClose;
  }

  /** @param bytes more, or with a minus less; @returns whether that is still within the bounds */
  add(bytes: number): boolean {
    if (this.#isClosed) return false;
    this.#bytes += bytes;
    this.#token.bytes += bytes;
    return this.#bytes <= SOCKET_BYTES && this.#token.bytes <= TOKEN_BYTES;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#token.bytes -= this.#bytes;
    this.#onClose();
  }
}
