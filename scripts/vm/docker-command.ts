/** The `docker` command, as scripts use it. What comes back is text and a code; nothing is printed. */
import { spawn } from 'node:child_process';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function docker(args: readonly string[], input?: string): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('docker', args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    // A program that ends before it has read everything is no reason to end here.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    child.on('close', (code) => {
      resolve({ code: code ?? 1, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
  });
}

/** @throws with what Docker said */
export async function dockerOutput(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await docker(args, input);
  if (code === 0) return stdout;
  throw new Error(`docker ${args.join(' ')}: exit code ${code}: ${(stderr.trim() || stdout.trim()).slice(-2_000)}`);
}
