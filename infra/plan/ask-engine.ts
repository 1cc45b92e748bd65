/**
 * The engine of the local stack: whether it answers (without it Terraform would say so late, and in its own words), and
 * what it has of the stack.
 */
import http from 'node:http';
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';
import { engineHostProblem, engineSocketOf } from '../engine-socket.ts';
import { STACK_LABEL } from '../local/container-habits.ts';
import type { StackObject } from './leftovers.ts';

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

/** @throws INFRA_UNREADY where the engine does not tell */
export async function stackObjects(socket: string, fleet: string): Promise<readonly StackObject[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`${STACK_LABEL}=${fleet}`] }));
  const [containers, networks] = await Promise.all([
    ask(socket, `/containers/json?all=1&filters=${filters}`),
    ask(socket, `/networks?filters=${filters}`),
  ]);
  const found = [
    ...z
      .array(z.object({ Names: z.array(z.string()) }))
      .parse(containers)
      .map(({ Names: [name = ''] }) => ({ kind: 'container' as const, name: name.replace(/^\//, '') })),
    ...z
      .array(z.object({ Name: z.string() }))
      .parse(networks)
      .map(({ Name: name }) => ({ kind: 'network' as const, name })),
  ];
  return found;
}

async function ask(socketPath: string, path: string): Promise<unknown> {
  const answer = await get(socketPath, path);
  if (answer.problem === null) return JSON.parse(answer.text) as unknown;
  throw new LongshoreError('INFRA_UNREADY', `ask the engine at ${socketPath} what it has: ${answer.problem}`);
}

async function pingProblem(socketPath: string): Promise<string | null> {
  return (await get(socketPath, '/_ping')).problem;
}

async function get(
  socketPath: string,
  path: string,
): Promise<{ readonly problem: string | null; readonly text: string }> {
  return await new Promise((resolve) => {
    const request = http.get({ socketPath, path, agent: false, timeout: PATIENCE_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        resolve({ problem: response.statusCode === 200 ? null : `status ${response.statusCode ?? '?'}`, text }),
      );
    });
    request.on('timeout', () => request.destroy(new Error(`nothing within ${PATIENCE_MS / 1_000} s`)));
    request.on('error', (error: NodeJS.ErrnoException) => resolve({ problem: error.code ?? error.message, text: '' }));
  });
}
