/**
 * dockerode whose calls always settle.
 *
 *   - docker-modem collects the body of an answer and waits for its end; where the engine dies in the middle of one
 *     (`wait` sends its head at once and its body when the container ends) no end comes. Here a broken answer is an
 *     error, as a broken connection is
 *   - an engine that hangs takes a call and never answers. Here a call has its limit (`call-limit.ts`): to the end of
 *     its answer, or to the beginning where the answer is a stream, which may last
 */
import type { Agent, IncomingMessage } from 'node:http';
import { addAbortSignal } from 'node:stream';
import type Docker from 'dockerode';
import { startTimeLimit } from '../time-limit.ts';
import { callLimitMs } from './call-limit.ts';

type Answer<T> = (error: Error | null, answer: T | null) => void;
type Statuses = Readonly<Record<number, true | string>>;

interface DialOptions {
  readonly path: string;
  /** The query, where the path ends with its mark. */
  readonly options?: unknown;
  readonly isStream?: boolean;
  readonly openStdin?: boolean;
  readonly hijack?: boolean;
  readonly abortSignal?: AbortSignal;
  readonly statusCodes: Statuses;
}

/** The part of docker-modem that dockerode does not type. */
interface Modem {
  agent: Agent;
  dial(options: DialOptions, answer: Answer<unknown>): void;
  buildPayload(
    error: null,
    isStream: false,
    statuses: Statuses,
    openStdin: false,
    request: null,
    response: IncomingMessage,
    body: unknown,
    answer: Answer<unknown>,
  ): void;
}

/** The status is judged when the body is there: it says why. */
const ANY_STATUS: Statuses = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [index + 100, true]));

/**
 * Changes the given one.
 * @param agent makes its connections
 * @param limitMs of a short call
 */
export function withWholeAnswers(docker: Docker, agent: Agent, limitMs: number): Docker {
  const modem = docker.modem as unknown as Modem;
  modem.agent = agent;
  const dial = modem.dial.bind(modem);
  modem.dial = (options, answer) => {
    const limit = new CallLimit(callLimitMs(options.path, options.options, limitMs), options.abortSignal);
    if (options.isStream === true || options.openStdin === true || options.hijack === true) {
      dial({ ...options, abortSignal: limit.signal }, (error, stream) => {
        limit.headCame(error === null ? stream : null);
        answer(error === null ? null : limit.reasonOf(error), stream);
      });
      return;
    }
    dial({ ...options, isStream: true, statusCodes: ANY_STATUS, abortSignal: limit.signal }, (error, response) => {
      if (error !== null || response === null) {
        limit.end();
        answer(limit.reasonOf(error ?? new Error('no answer')), null);
        return;
      }
      const message = response as IncomingMessage;
      collect(message, limit.signal).then(
        (body) => {
          limit.end();
          modem.buildPayload(null, false, options.statusCodes, false, null, message, body, answer);
        },
        (broken: unknown) => {
          limit.end();
          answer(limit.reasonOf(broken instanceof Error ? broken : new Error(String(broken))), null);
        },
      );
    });
  };
  return docker;
}

/** The end of one call: by its time, or by the caller's own signal. Leaves nothing on that signal afterwards. */
class CallLimit {
  readonly #stop = new AbortController();
  readonly #limitMs: number | null;
  readonly #caller: AbortSignal | undefined;
  readonly #endLimit: () => void;
  #isOver = false;
  readonly #forward = (): void => this.#stop.abort(this.#caller?.reason);

  constructor(limitMs: number | null, caller: AbortSignal | undefined) {
    this.#limitMs = limitMs;
    this.#caller = caller;
    this.#endLimit = limitMs === null ? () => undefined : startTimeLimit(limitMs, () => this.#expire());
    if (caller === undefined) return;
    caller.addEventListener('abort', this.#forward);
    if (caller.aborted) this.#forward();
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** A stream has begun, which its reader or its signal ends. */
  headCame(stream: unknown): void {
    this.#endLimit();
    if (isEmitter(stream)) stream.once('close', () => this.end());
    else this.end();
  }

  end(): void {
    this.#endLimit();
    this.#caller?.removeEventListener('abort', this.#forward);
  }

  /** What the caller is told of a failure. */
  reasonOf(error: Error): Error {
    if (!this.#isOver) return error;
    const text = `the Docker Engine gave no answer within ${Math.round((this.#limitMs ?? 0) / 100) / 10} s`;
    return Object.assign(new Error(text, { cause: error }), { code: 'ETIMEDOUT' });
  }

  #expire(): void {
    if (this.#stop.signal.aborted) return;
    this.#isOver = true;
    this.#stop.abort();
  }
}

function isEmitter(value: unknown): value is { once(event: 'close', listener: () => void): void } {
  return typeof value === 'object' && value !== null && 'once' in value && typeof value.once === 'function';
}

/** @throws where the connection broke before the end, or the signal aborted */
async function collect(response: IncomingMessage, signal: AbortSignal): Promise<unknown> {
  addAbortSignal(signal, response);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  try {
    return (JSON.parse(body.toString()) as unknown) ?? body;
  } catch {
    return body;
  }
}
