/**
 * The page's websocket: logs in with the first frame, comes back by itself (1 s to 30 s, and not while the tab is in
 * the background, so that forgotten tabs cost the coordinator nothing), and gives each call its frames.
 */
import type { ConsoleFrame } from '../protocol/console.ts';
import type { Problem } from '../fleet/errors.ts';

export interface LinkEvents {
  readonly onWelcome: (name: string, role: string) => void;
  readonly onLost: (retryMs: number) => void;
  /** The token is not accepted: no retry. */
  readonly onRefused: (problem: Problem) => void;
}

type FrameListener = (frame: ConsoleFrame) => void;

export class ConsoleLink {
  readonly #token: string;
  readonly #events: LinkEvents;
  readonly #calls = new Map<string, FrameListener>();
  #socket: WebSocket | null = null;
  #failures = 0;
  #timer: number | null = null;
  #closed = false;
  #next = 1;

  constructor(token: string, events: LinkEvents) {
    this.#token = token;
    this.#events = events;
    document.addEventListener('visibilitychange', this.#onVisible);
    this.#open();
  }

  /** @returns false when there is no connection now */
  call(
    request:
      | { readonly kind: 'line' | 'complete'; readonly text: string }
      | { readonly kind: 'watch'; readonly app: null; readonly deployment: null },
    onFrame: FrameListener,
  ): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    const id = String(this.#next++);
    this.#calls.set(id, onFrame);
    this.#socket.send(JSON.stringify({ ...request, id }));
    return true;
  }

  close(): void {
    this.#closed = true;
    document.removeEventListener('visibilitychange', this.#onVisible);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#socket?.close();
  }

  readonly #onVisible = (): void => {
    if (document.visibilityState === 'visible' && this.#socket === null && !this.#closed) this.#open();
  };

  #open(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/v1/console`);
    this.#socket = socket;
    socket.addEventListener('open', () => socket.send(JSON.stringify({ kind: 'login', token: this.#token })));
    socket.addEventListener('message', (message) => this.#receive(JSON.parse(String(message.data)) as ConsoleFrame));
    socket.addEventListener('close', () => this.#lost());
  }

  #receive(frame: ConsoleFrame): void {
    if (frame.kind === 'welcome') {
      this.#failures = 0;
      this.#events.onWelcome(frame.name, frame.role);
      return;
    }
    if (frame.kind === 'refused') {
      // Anything else passes: the socket closes now, and the next try comes by itself with the same token.
      if (frame.problem.code !== 'UNAUTHENTICATED') return;
      this.#closed = true;
      this.#events.onRefused(frame.problem);
      return;
    }
    this.#calls.get(frame.id)?.(frame);
    if (frame.kind === 'done') this.#calls.delete(frame.id);
  }

  #lost(): void {
    this.#socket = null;
    this.#calls.clear();
    if (this.#closed) return;
    const retryMs = Math.round(Math.min(30_000, 1_000 * 1.8 ** this.#failures) * (0.7 + Math.random() * 0.3));
    this.#failures += 1;
    this.#events.onLost(retryMs);
    if (document.visibilityState === 'visible') this.#timer = window.setTimeout(() => this.#open(), retryMs);
  }
}
