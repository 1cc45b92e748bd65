/**
 * Asks a credential helper (`docker-credential-gcr get`) for a registry's login: the registry's name on its standard
 * input, JSON on its output. A helper that hangs must not hold up the agent's pulls.
 */
import { spawn } from 'node:child_process';
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';
import { withTimeLimit } from '../with-time-limit.ts';
import type { RegistryCredential } from './registry-auth.ts';

const TIMEOUT_MS = 30_000;
const MOST_OUTPUT = 1_000_000;

const answerSchema = z.object({ Username: z.string(), Secret: z.string() });

/** A helper says so for a token that stands in place of a password. */
const TOKEN_USER = '<token>';

/** @returns null where it has no login for the registry @throws REGISTRY_DENIED where it cannot be run or fails */
export async function askCredentialHelper(
  name: string,
  server: string,
  signal: AbortSignal,
): Promise<RegistryCredential | null> {
  const program = `docker-credential-${name}`;
  const { code, output } = await withTimeLimit(signal, TIMEOUT_MS, (limited) => run(program, server, limited));
  if (code !== 0) {
    if (/credentials not found/i.test(output)) return null;
    throw failed(program, server, `it ended with ${code ?? 'a signal'}: ${output.trim().slice(0, 200)}`);
  }
  const answer = answerSchema.safeParse(parseJson(output));
  // Its output is not quoted: it may hold the secret.
  if (!answer.success) throw failed(program, server, 'its answer is not of the agreed form');
  const { Username: username, Secret: secret } = answer.data;
  if (username === TOKEN_USER) return { username: '', password: '', identityToken: secret };
  return { username, password: secret, identityToken: null };
}

function run(program: string, input: string, signal: AbortSignal): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], { signal, killSignal: 'SIGKILL', stdio: ['pipe', 'pipe', 'ignore'] });
    const chunks: Buffer[] = [];
    let size = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MOST_OUTPUT) chunks.push(chunk);
    });
    child.on('error', (error) => reject(failed(program, input, error.message, error)));
    child.on('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString('utf8') }));
    // A helper that does not read its input closes the pipe; its exit code tells the rest.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${input}\n`);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function failed(program: string, server: string, what: string, cause?: unknown): LongshoreError {
  return new LongshoreError('REGISTRY_DENIED', `ask ${program} for the login of ${server}: ${what}`, {
    hint: `Check that ${program} is installed and works for the agent's user, or store a credential with \`longshore secrets registry\`.`,
    cause,
  });
}
