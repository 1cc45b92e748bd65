/** Whether the engine of the local stack answers: without it Terraform would say so late, and in its own words. */
import http from 'node:http';
import { engineHostProblem, engineSocketOf } from '../engine-socket.ts';

/** For an engine that is starting, too. */
const PATIENCE_MS = 5_000;

/** Null where an engine answers that can be the local stack's. */
export async function engineProblem(variables: Readonly<Record<string, string | undefined>>): Promise<string | null> {
  const ofHost = engineHostProblem(variables);
  if (ofHost !== null) return ofHost;
  const socket = engineSocketOf(variables);
  const why = await pingProblem(socket);
  return why === null ? null : `does not answer at ${socket} (${why}): start it, or name another socket in DOCKER_HOST`;
}

async function pingProblem(socketPath: string): Promise<string | null> {
  return await new Promise((resolve) => {
    const request = http.get({ socketPath, path: '/_ping', agent: false, timeout: PATIENCE_MS }, (response) => {
      resolve(response.statusCode === 200 ? null : `status ${response.statusCode ?? '?'}`);
      response.destroy();
    });
    request.on('timeout', () => request.destroy(new Error(`nothing within ${PATIENCE_MS / 1_000} s`)));
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
