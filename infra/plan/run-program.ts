/**
 * Runs another program to its end. It gets a process group of its own: a Ctrl-C of the terminal would reach Terraform
 * beside the one that we pass on, and Terraform takes two for "stop at once, whatever is half done".
 */
import { spawn } from 'node:child_process';

export interface ProgramCall {
  readonly program: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** `show`: passed on as it comes. `errors`: what it says goes to standard error. `keep`: only in the result. */
  readonly output: 'show' | 'errors' | 'keep';
}

export interface ProgramEnd {
  /** Null: it could not be started. */
  readonly code: number | null;
  readonly stdout: string;
  /** Empty where it was shown. */
  readonly stderr: string;
}

export interface Interrupts {
  /** Calls back at each signal to stop; returns what ends that. */
  readonly subscribe: (listener: () => void) => () => void;
}

export async function runProgram(call: ProgramCall, interrupts: Interrupts): Promise<ProgramEnd> {
  const stdio =
    call.output === 'show' ? 'inherit' : call.output === 'errors' ? ['ignore', 2, 2] : ['ignore', 'pipe', 'pipe'];
  return await new Promise((resolve) => {
    const child = spawn(call.program, [...call.args], {
      cwd: call.folder,
      env: call.variables,
      stdio: stdio as 'inherit',
      detached: true,
    });
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8');
      child[name]?.on('data', (chunk: string) => (text[name] += chunk));
    }
    const unsubscribe = interrupts.subscribe(() => child.kill('SIGINT'));
    child.on('error', () => {
      unsubscribe();
      resolve({ code: null, ...text });
    });
    child.on('close', (code) => {
      unsubscribe();
      // Ended by a signal: like a shell, a number that is not success.
      resolve({ code: code ?? 128, ...text });
    });
  });
}
