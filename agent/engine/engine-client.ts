/**
 * The connection to the Docker Engine: owns dockerode, the API version that was agreed on, and the mapping of every
 * failure to a LongshoreError. An engine that went away may come back as another version, so the agreement is
 * forgotten with the connection.
 *
 *   - each call makes a connection of its own: an engine that shuts down takes no new ones from the moment before it
 *     stops the first container, but serves kept ones on. So an answer means that the engine stays
 *   - a call without an answer within its limit is ENGINE_UNAVAILABLE, as one without a connection
 */
import { Agent, type IncomingMessage } from 'node:http';
import Docker from 'dockerode';
import { LongshoreError } from '../../fleet/errors.ts';
import { featuresOf, negotiateApiVersion, OLDEST_SUPPORTED } from './api-version.ts';
import { CALL_LIMIT_MS } from './call-limit.ts';
import type { EngineFeatures } from './container-config.ts';
import { engineError, isAbort, toFailure } from './engine-error.ts';
import { withWholeAnswers } from './whole-answers.ts';

export interface Connection {
  readonly docker: Docker;
  readonly apiVersion: string;
  readonly features: EngineFeatures;
}

export interface RawCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Without the version. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export class EngineClient {
  readonly #socketPath: string;
  readonly #limitMs: number;
  readonly #agent = new Agent({ keepAlive: false });
  #connection: Promise<Connection> | null = null;

  /** @param limitMs of a short call, and to the beginning of a stream */
  constructor(socketPath: string, limitMs = CALL_LIMIT_MS) {
    this.#socketPath = socketPath;
    this.#limitMs = limitMs;
  }

  /**
   * @param operation what is tried and on what, for the message of an error
   * @throws LongshoreError of `engine-error.ts`; an abort as it came
   */
  async call<T>(operation: string, work: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      return await work(await this.#connect());
    } catch (error) {
      throw this.#toError(operation, error);
    }
  }

  /** As `call`, and null where the engine says that there is no such object. */
  async find<T>(operation: string, work: (connection: Connection) => Promise<T>): Promise<T | null> {
    return this.call(operation, async (connection) => {
      try {
        return await work(connection);
      } catch (error) {
        if (toFailure(error).status === 404) return null;
        throw error;
      }
    });
  }

  /** The answer as a stream, for what dockerode would collect whole. Statuses other than 200 reject. */
  async stream(operation: string, raw: RawCall): Promise<IncomingMessage> {
    return this.call(operation, ({ docker }) => dial(docker, raw));
  }

  async #connect(): Promise<Connection> {
    this.#connection ??= this.#negotiate();
    return this.#connection;
  }

  async #negotiate(): Promise<Connection> {
    const answer = await dial(this.#docker(), { method: 'GET', path: '/_ping' });
    answer.resume();
    const header = answer.headers['api-version'];
    const server = typeof header === 'string' ? header : null;
    const apiVersion = negotiateApiVersion(server);
    if (apiVersion === null) {
      throw new LongshoreError(
        'ENGINE_UNSUITABLE',
        `connect to ${this.#socketPath}: it speaks API ${server ?? 'of no version'}, and ${OLDEST_SUPPORTED} (Engine 20.10) is the oldest that works`,
      );
    }
    return { docker: this.#docker(`v${apiVersion}`), apiVersion, features: featuresOf(apiVersion) };
  }

  /** Every field that docker-modem would take from DOCKER_HOST and its like is given, so that the socket is the one configured. */
  #docker(version?: string): Docker {
    const docker = new Docker({
      socketPath: this.#socketPath,
      version,
      protocol: 'http',
      host: undefined,
      port: undefined,
      ca: undefined,
      cert: undefined,
      key: undefined,
      timeout: undefined,
    });
    return withWholeAnswers(docker, this.#agent, this.#limitMs);
  }

  #toError(operation: string, error: unknown): unknown {
    if (isAbort(error)) return error;
    const known = error instanceof LongshoreError ? error : engineError(operation, toFailure(error), error);
    if (known.code === 'ENGINE_UNAVAILABLE' || known.code === 'ENGINE_UNSUITABLE') this.#connection = null;
    return known;
  }
}

function dial(docker: Docker, raw: RawCall): Promise<IncomingMessage> {
  const modem = docker.modem as Modem;
  return new Promise((resolve, reject) => {
    modem.dial(
      {
        method: raw.method,
        // With the mark at its end, docker-modem appends `options` as the query.
        path: raw.query === undefined ? raw.path : `${raw.path}?`,
        ...(raw.query === undefined ? {} : { options: raw.query }),
        isStream: true,
        statusCodes: { 200: true },
        ...(raw.signal === undefined ? {} : { abortSignal: raw.signal }),
      },
      (error, answer) => {
        if (error !== null || answer === null) reject(error ?? new Error('no answer'));
        else resolve(answer);
      },
    );
  });
}

/** The part of docker-modem that dockerode does not type. */
interface Modem {
  dial(
    options: {
      readonly method: string;
      readonly path: string;
      readonly options?: Readonly<Record<string, string>>;
      readonly isStream: true;
      readonly statusCodes: Readonly<Record<number, true>>;
      readonly abortSignal?: AbortSignal;
    },
    answer: (error: Error | null, answer: IncomingMessage | null) => void,
  ): void;
}
