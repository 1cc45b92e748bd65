/** Programs of a rehearsal: what they print is the person's where they watch, and kept where it is looked at. */
import { spawn } from 'node:child_process';

export interface CommandEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandWishes {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly input?: string;
  /** Whether a person sees its output, indented. */
  readonly show?: boolean;
  readonly signal: AbortSignal;
}

export function runCommand(command: string, args: readonly string[], wishes: CommandWishes): Promise<CommandEnd> {
  return new Promise((resolve, reject) => {
    const { env, cwd, input, show = false, signal } = wishes;
    // In a session of its own: Ctrl-C reaches the rehearsal alone, which then ends what it began, in order.
    const child = spawn(command, args, { env, cwd, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    const end = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGTERM');
      } catch {
        // It has ended meanwhile.
      }
    };
    signal.addEventListener('abort', end, { once: true });
    const parts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        parts[name] += text;
        if (show && name === 'stdout') process.stdout.write(text.replace(/^(?=.)/gm, '    '));
      });
    }
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    child.once('error', reject);
    child.once('close', (code) => {
      signal.removeEventListener('abort', end);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve({ code: code ?? 1, ...parts });
    });
  });
}

/** @throws with what the program said last */
export async function mustRun(
  what: string,
  command: string,
  args: readonly string[],
  wishes: CommandWishes,
): Promise<string> {
  const { code, stdout, stderr } = await runCommand(command, args, wishes);
  if (code === 0) return stdout;
  const said = `${wishes.show === true ? '' : stdout}\n${stderr}`.trim().slice(-4_000);
  throw new Error(`${what}: ${command} ${args.join(' ')} ended with exit code ${code}\n${said}`);
}
