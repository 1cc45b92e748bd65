/** The proxy's containers through dockerode. */
import type Docker from 'dockerode';
import { LongshoreError } from '../../fleet/errors.ts';
import type { HostId } from '../../fleet/ids.ts';
import { withTimeLimit } from '../with-time-limit.ts';
import type { EngineClient } from './engine-client.ts';
import { pullError, toFailure } from './engine-error.ts';
import { HOST_LABEL } from './engine-labels.ts';
import { isCopy } from './own-container.ts';
import { jsonLines } from './json-lines.ts';
import { INGRESS_LABEL, proxyContainerBody } from './proxy-container-body.ts';
import type { ProxyContainer, ProxyContainers } from './proxy-containers.ts';
import { pullFault, type PullMessage } from './pull-progress.ts';

const PULL_TIMEOUT_MS = 120_000;
const OUTPUT_LINES = 5;

export function dockerodeProxyContainers(client: EngineClient, host: HostId): ProxyContainers {
  return {
    list: () => list(client, host),
    ensureImage: (candidates, signal) => ensureImage(client, candidates, signal),
    create: async (plan) => {
      const container = await client.call(`create the ingress's container ${plan.name}`, ({ docker }) =>
        docker.createContainer(proxyContainerBody(plan)),
      );
      return container.id;
    },
    start: async (id) => {
      await allowing([304], client, `start the ingress's container ${id}`, (docker) => docker.getContainer(id).start());
    },
    rename: async (id, name) => {
      await client.call(`rename the ingress's container ${id}`, ({ docker }) =>
        docker.getContainer(id).rename({ name }),
      );
    },
    waitStopped: async (id, abortSignal) => {
      const condition = 'not-running';
      const stopped = allowing([404], client, `wait for the ingress's container ${id}`, (docker) =>
        docker.getContainer(id).wait({ condition, abortSignal }),
      );
      await stopped.catch((error: unknown) => {
        if (!abortSignal.aborted) throw error;
      });
    },
    remove: async (id, graceMs) => {
      const t = Math.ceil(graceMs / 1000);
      await allowing([304, 404], client, `stop the ingress's container ${id}`, (docker) =>
        docker.getContainer(id).stop({ t }),
      );
      await allowing([404, 409], client, `remove the ingress's container ${id}`, (docker) =>
        docker.getContainer(id).remove({ force: true, v: true }),
      );
    },
    lastOutput: async (id) => {
      try {
        const output = await client.call(`read the output of the ingress's container ${id}`, ({ docker }) =>
          docker.getContainer(id).logs({ stdout: true, stderr: true, tail: OUTPUT_LINES }),
        );
        return withoutFrames(output);
      } catch (error) {
        // It explains a failure, and must not take its place.
        return `no output: ${error instanceof Error ? error.message : String(error)}`;
      }
    },
  };
}

async function list(client: EngineClient, host: HostId): Promise<readonly ProxyContainer[]> {
  const filters = { label: [`${HOST_LABEL}=${host}`, INGRESS_LABEL] };
  const found = await client.call("list the ingress's containers", async (connection) => {
    const listed = await connection.docker.listContainers({ all: true, filters });
    const copies = await Promise.all(
      listed.map((each) => isCopy(connection, each.ImageID, each.Labels, INGRESS_LABEL)),
    );
    return listed.filter((_, index) => copies[index] === false);
  });
  return found.map((container) => ({
    engineId: container.Id,
    name: (container.Names[0] ?? '').replace(/^\//, ''),
    hash: container.Labels[INGRESS_LABEL] ?? '',
    running: container.State === 'running',
  }));
}

async function ensureImage(client: EngineClient, candidates: readonly string[], signal: AbortSignal): Promise<string> {
  for (const image of candidates) {
    const look = `look for the ingress's image ${image}`;
    if ((await client.find(look, ({ docker }) => docker.getImage(image).inspect())) !== null) return image;
  }
  let last: Error | null = null;
  for (const image of candidates) {
    try {
      await withTimeLimit(signal, PULL_TIMEOUT_MS, (limited) => pull(client, image, limited));
      return image;
    } catch (error) {
      if (!(error instanceof LongshoreError)) throw error;
      last = error;
    }
  }
  throw last ?? new LongshoreError('CONFIG_INVALID', 'run the ingress: no image is configured');
}

async function pull(client: EngineClient, image: string, abortSignal: AbortSignal): Promise<void> {
  const operation = `pull the ingress's image ${image}`;
  await client.call(operation, async ({ docker }) => {
    try {
      const progress = await docker.pull(image, { abortSignal });
      for await (const line of jsonLines(progress as AsyncIterable<Uint8Array>)) {
        const fault = pullFault(line as PullMessage);
        if (fault !== null) throw new Error(fault);
      }
    } catch (error) {
      throw pullError(operation, toFailure(error), error);
    }
  });
}

/** Answers with one of the fine statuses are no failures. */
function allowing(
  fine: readonly number[],
  client: EngineClient,
  operation: string,
  work: (docker: Docker) => Promise<unknown>,
): Promise<void> {
  return client.call(operation, async ({ docker }) => {
    try {
      await work(docker);
    } catch (error) {
      if (!fine.includes(toFailure(error).status ?? 0)) throw error;
    }
  });
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
