/** Makes sure of the image of `run-vm.ts`: quick when it is there, minutes when it has to be made. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('./vm-image.sh', import.meta.url));

/** @throws with what the script said, when the image cannot be made here */
export function makeVmImage(): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', [SCRIPT], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${SCRIPT} ended with ${String(code)}: ${said.slice(-2_000)}`));
    });
  });
}
