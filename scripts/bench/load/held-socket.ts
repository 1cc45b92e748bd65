// One websocket that is held open and used all the time: a message every so often, which must come back before the next
// but one. What becomes of it is part of the result.
import { WebSocket } from 'undici';

export interface SocketResult {
  readonly sent: number;
  readonly echoed: number;
  /** Why it ended before it was closed here; null = it did not. */
  readonly broken: string | null;
}

export interface HeldSocket {
  close(): Promise<SocketResult>;
}

const everyMs = 100;
const openMs = 10_000;
const lastEchoMs = 2_000;

/** @throws Error when it cannot be opened */
export async function holdSocket(url: string): Promise<HeldSocket> {
  const socket = new WebSocket(url);
  await opened(socket, url);
  let sent = 0;
  let echoed = 0;
  let broken: string | null = null;
  let isClosing = false;
  socket.addEventListener('message', (event) => {
    if (event.data === String(echoed)) echoed += 1;
    else broken ??= `message ${echoed} came back as ${String(event.data)}`;
  });
  socket.addEventListener('close', (event) => {
    if (!isClosing) broken ??= `closed with code ${event.code} after ${echoed} echoes`;
  });
  socket.addEventListener('error', () => {
    if (!isClosing) broken ??= `failed after ${echoed} echoes`;
  });
  const timer = setInterval(() => {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(String(sent));
    sent += 1;
  }, everyMs);
  return {
    async close() {
      clearInterval(timer);
      const end = performance.now() + lastEchoMs;
      while (echoed < sent && broken === null && performance.now() < end) await nextTurn();
      isClosing = true;
      socket.close();
      if (echoed < sent) broken ??= `${sent - echoed} messages did not come back`;
      return { sent, echoed, broken };
    },
  };
}

function opened(socket: WebSocket, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${url}: no answer in ${openMs} ms`)), openMs);
    socket.addEventListener('open', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.addEventListener('error', (event) => {
      clearTimeout(timer);
      reject(new Error(`${url}: ${event.message}`));
    });
  });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 5));
}
