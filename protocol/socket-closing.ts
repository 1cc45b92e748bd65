/**
 * How every end closes a WebSocket. The library waits 30 s for a peer that does not answer a close, and holds up the stop
 * of the program for as long. By then all that was sent before is with the peer, or lost.
 */
export const SOCKET_CLOSING = {
  /** From the close frame until the connection is cut, in milliseconds. */
  closeTimeout: 2_000,
} as const;
