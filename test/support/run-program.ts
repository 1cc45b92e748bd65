/**
 * Runs a program to its end without holding the event loop: a test that waited synchronously for minutes would find
 * its own connections closed by the other side, and its timers late.
 */
import { spawn } from 'node:child_process';

export interface ProgramEnd {
  /** Null where a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, stdout first. */
  readonly output: string;
}

/** Any exit code is an answer. @throws Error where the program cannot be started */
export function runProgram(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<ProgramEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, stdout, stderr, output: stdout + stderr }));
  });
}
