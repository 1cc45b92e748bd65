/** The proxy's containers through dockerode. */
import type Docker from 'dockerode';
import { LongshoreError, type ErrorCode } from '../../fleet/errors.ts';
import type { HostId } from '../../fleet/ids.ts';
import { HOST_LABEL } from './engine-labels.ts';
import { INGRESS_LABEL, proxyContainerBody } from './proxy-container-body.ts';
import type { ProxyContainer, ProxyContainers } from './proxy-containers.ts';

const PULL_TIMEOUT_MS = 120_000;
const OUTPUT_LINES = 5;

export function dockerodeProxyContainers(docker: Docker, host: HostId): ProxyContainers {
  return {
    list: () => list(docker, host),
    ensureImage: (candidates, signal) => ensureImage(docker, candidates, signal),
    create: async (plan) => {
      const container = await refusing(
        `create the ingress's container ${plan.name}`,
        docker.createContainer(proxyContainerBody(plan)),
      );
      return container.id;
    },
    start: async (id) => {
      await allowing(`start the ingress's container ${id}`, docker.getContainer(id).start(), [304]);
    },
    rename: async (id, name) => {
      await refusing(`rename the ingress's container ${id}`, docker.getContainer(id).rename({ name }));
    },
    waitStopped: async (id, signal) => {
      const stopped = docker.getContainer(id).wait({ condition: 'not-running', abortSignal: signal });
      await stopped.catch((error: unknown) => {
        if (!signal.aborted && statusOf(error) !== 404)
          throw asProblem(`wait for the ingress's container ${id}`, error);
      });
    },
    remove: async (id, graceMs) => {
      const container = docker.getContainer(id);
      const gone = [304, 404];
      await allowing(`stop the ingress's container ${id}`, container.stop({ t: Math.ceil(graceMs / 1000) }), gone);
      await allowing(`remove the ingress's container ${id}`, container.remove({ force: true, v: true }), [404, 409]);
    },
    lastOutput: async (id) => {
      const output = await docker.getContainer(id).logs({ stdout: true, stderr: true, tail: OUTPUT_LINES });
      return withoutFrames(output);
    },
  };
}

async function list(docker: Docker, host: HostId): Promise<readonly ProxyContainer[]> {
  const filters = { label: [`${HOST_LABEL}=${host}`, INGRESS_LABEL] };
  const found = await refusing("list the ingress's containers", docker.listContainers({ all: true, filters }));
  return found.map((container) => ({
    engineId: container.Id,
    name: (container.Names[0] ?? '').replace(/^\//, ''),
    hash: container.Labels[INGRESS_LABEL] ?? '',
    running: container.State === 'running',
  }));
}

async function ensureImage(docker: Docker, candidates: readonly string[], signal: AbortSignal): Promise<string> {
  for (const image of candidates) if (await isThere(docker, image)) return image;
  let last: LongshoreError | null = null;
  for (const image of candidates) {
    try {
      await pull(docker, image, AbortSignal.any([signal, AbortSignal.timeout(PULL_TIMEOUT_MS)]));
      return image;
    } catch (error) {
      last = asProblem(`pull the ingress's image ${image}`, error);
    }
  }
  throw last ?? new LongshoreError('CONFIG_INVALID', 'run the ingress: no image is configured');
}

async function isThere(docker: Docker, image: string): Promise<boolean> {
  const found = await allowing(`look for the ingress's image ${image}`, docker.getImage(image).inspect(), [404]);
  return found !== null;
}

async function pull(docker: Docker, image: string, abortSignal: AbortSignal): Promise<void> {
  const progress = await docker.pull(image, { abortSignal });
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(progress, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });
}

async function refusing<T>(operation: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw asProblem(operation, error);
  }
}

/** @returns null for an answer with one of the fine codes */
async function allowing<T>(operation: string, call: Promise<T>, fine: readonly number[]): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (fine.includes(statusOf(error) ?? 0)) return null;
    throw asProblem(operation, error);
  }
}

function asProblem(operation: string, error: unknown): LongshoreError {
  const reason = error instanceof Error ? error.message : String(error);
  return new LongshoreError(codeOf(statusOf(error), reason), `${operation}: ${reason}`, { cause: error });
}

function codeOf(status: number | null, reason: string): ErrorCode {
  if (/no space left/i.test(reason)) return 'NO_SPACE';
  if (/manifest unknown|not found|repository does not exist/i.test(reason)) return 'IMAGE_NOT_FOUND';
  if (/denied|unauthorized/i.test(reason)) return 'REGISTRY_DENIED';
  if (/toomanyrequests/i.test(reason)) return 'REGISTRY_RATE_LIMITED';
  if (/^pull|dial tcp|timeout|aborted|lookup/i.test(reason)) return 'REGISTRY_UNAVAILABLE';
  return status === null ? 'ENGINE_UNAVAILABLE' : 'ENGINE_REFUSED';
}

function statusOf(error: unknown): number | null {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : null;
}

/** Without a terminal each piece of output has a head of 8 bytes. */
function withoutFrames(output: Buffer): string {
  const pieces: string[] = [];
  for (let at = 0; at + 8 <= output.length;) {
    const length = output.readUInt32BE(at + 4);
    pieces.push(output.subarray(at + 8, at + 8 + length).toString('utf8'));
    at += 8 + length;
  }
  return pieces.join('').trim();
}
