/** One probe of one instance: asks once, within its timeout, and says what it found. Never throws. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { boundedText } from '../../fleet/bounded-text.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { ProbeCheck } from '../../fleet/app-spec.ts';
import type { InstanceId } from '../../fleet/ids.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';
import type { Mask } from '../secrets/held-mask.ts';
import { startTimeLimit } from '../time-limit.ts';
import { withTimeLimit } from '../with-time-limit.ts';

export interface ProbeAnswer {
  readonly isHealthy: boolean;
  /** For people: `GET http://10.213.0.2:8080/healthz: 503`. */
  readonly text: string;
}

export interface ProbeRequest {
  readonly instance: InstanceId;
  readonly address: string | null;
  readonly check: Extract<ProbeCheck, { kind: 'http' | 'tcp' | 'exec' }>;
  readonly timeoutMs: number;
}

/** Null: it could not be asked, because the engine is away. */
export type Probe = (request: ProbeRequest, signal: AbortSignal) => Promise<ProbeAnswer | null>;

/** @param mask takes secrets out of what a command printed */
export function makeProbe(engine: Pick<ContainerEngine, 'exec'>, mask: Mask): Probe {
  return async (request, signal) => {
    const { check, address, timeoutMs } = request;
    if (check.kind === 'exec') return probeExec(engine, mask, request.instance, check.command, timeoutMs, signal);
    if (address === null) return { isHealthy: false, text: 'it has no address to probe' };
    if (check.kind === 'tcp') return probeTcp(address, check.port, timeoutMs, signal);
    return withTimeLimit(signal, timeoutMs, (limited) => probeHttp(address, check, timeoutMs, limited)).catch(
      // A path or host that Node does not send, from a release that was stored before they were checked.
      (error: unknown) => ({ isHealthy: false, text: `GET ${check.path}: ${String(error)}` }),
    );
  };
}

function probeHttp(
  address: string,
  check: Extract<ProbeCheck, { kind: 'http' }>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeAnswer> {
  const url = `${check.scheme}://${address}:${check.port}${check.path}`;
  return new Promise((resolve) => {
    const answer = (isHealthy: boolean, found: string): void => resolve({ isHealthy, text: `GET ${url}: ${found}` });
    const send = check.scheme === 'https' ? httpsRequest : httpRequest;
    const request = send(
      {
        host: address,
        port: check.port,
        path: check.path,
        method: 'GET',
        headers: {
          host: check.host ?? `${address}:${check.port}`,
          'user-agent': 'longshore-probe',
          connection: 'close',
        },
        // The name in an instance's own certificate is not its address; whether it works is all that is asked.
        ...(check.scheme === 'https' ? { rejectUnauthorized: false } : {}),
        agent: false,
        signal,
      },
      (response) => {
        const status = response.statusCode ?? 0;
        response.destroy();
        answer(status >= 200 && status < 400, String(status));
      },
    );
    request.on('error', (error) => answer(false, failureText(error, timeoutMs)));
    // All that comes of a `101 Switching Protocols`, which no time limit ends.
    request.on('close', () => answer(false, 'connection closed without an answer'));
    request.end();
  });
}

function probeTcp(address: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const answer = (isHealthy: boolean, found: string): void => {
      endLimit();
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve({ isHealthy, text: `connect ${address}:${port}: ${found}` });
    };
    const onAbort = (): void => answer(false, 'aborted');
    const endLimit = startTimeLimit(timeoutMs, () => answer(false, `no answer within ${timeoutMs} ms`));
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => answer(true, 'connected'));
    socket.once('error', (error) => answer(false, failureText(error, timeoutMs)));
  });
}

async function probeExec(
  engine: Pick<ContainerEngine, 'exec'>,
  mask: Mask,
  instance: InstanceId,
  command: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeAnswer | null> {
  const name = boundedText(command.join(' '), 120);
  try {
    const { exitCode, output } = await engine.exec(instance, command, timeoutMs, signal);
    const said = boundedText(mask(output.trim()), 512, 'tail');
    return { isHealthy: exitCode === 0, text: `${name}: exit code ${exitCode}${said === '' ? '' : `: ${said}`}` };
  } catch (error) {
    if (error instanceof LongshoreError && error.code === 'ENGINE_UNAVAILABLE') return null;
    const reason = error instanceof LongshoreError ? error.problem.message : String(error);
    return { isHealthy: false, text: `${name}: ${reason}` };
  }
}

function failureText(error: Error & { readonly code?: string }, timeoutMs: number): string {
  if (error.name === 'TimeoutError' || error.name === 'AbortError' || error.code === 'ABORT_ERR')
    return `no answer within ${timeoutMs} ms`;
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ECONNRESET':
      return 'connection closed without an answer';
    case 'EHOSTUNREACH':
      return 'host unreachable';
    default:
      return error.message;
  }
}
