/**
 * dockerode whose calls always settle. docker-modem collects the body of an answer and waits for its end; where the
 * engine dies in the middle of one (`wait` sends its head at once and its body when the container ends) no end comes,
 * and the call would hang for ever. Here a broken answer is an error, as a broken connection is.
 */
import type { Agent, IncomingMessage } from 'node:http';
import { addAbortSignal } from 'node:stream';
import type Docker from 'dockerode';

type Answer<T> = (error: Error | null, answer: T | null) => void;
type Statuses = Readonly<Record<number, true | string>>;

interface DialOptions {
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
 * Changes the given one; calls that ask for a stream stay as they are.
 * @param agent makes its connections
 */
export function withWholeAnswers(docker: Docker, agent: Agent): Docker {
  const modem = docker.modem as unknown as Modem;
  modem.agent = agent;
  const dial = modem.dial.bind(modem);
  modem.dial = (options, answer) => {
    if (options.isStream === true || options.openStdin === true || options.hijack === true) {
      dial(options, answer);
      return;
    }
    dial({ ...options, isStream: true, statusCodes: ANY_STATUS }, (error, response) => {
      if (error !== null || response === null) {
        answer(error ?? new Error('no answer'), null);
        return;
      }
      const message = response as IncomingMessage;
      collect(message, options.abortSignal).then(
        (body) => modem.buildPayload(null, false, options.statusCodes, false, null, message, body, answer),
        (broken: unknown) => answer(broken instanceof Error ? broken : new Error(String(broken)), null),
      );
    });
  };
  return docker;
}

/** @throws where the connection broke before the end, or the signal aborted */
async function collect(response: IncomingMessage, signal: AbortSignal | undefined): Promise<unknown> {
  if (signal !== undefined) addAbortSignal(signal, response);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  try {
    return (JSON.parse(body.toString()) as unknown) ?? body;
  } catch {
    return body;
  }
}
