/** The real registry behind `*-docker.pkg.dev`: Debian's docker-registry, on the container's own loopback, kept going. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { files } from './cloud-config.ts';

export function keepRegistry(folder: string, port: number, say: (line: string) => void): void {
  const file = path.join(folder, 'registry.json');
  writeFileSync(
    file,
    JSON.stringify({
      version: '0.1',
      log: { level: 'warn', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: path.join(folder, files.images) }, delete: { enabled: true } },
      http: { addr: `127.0.0.1:${port}`, relativeurls: true },
    }),
  );
  const child = spawn('docker-registry', ['serve', file], { stdio: 'ignore' });
  child.once('error', (error) => say(`the registry did not start: ${error.message}`));
  child.once('exit', (code) => {
    say(`the registry ended (${String(code)}); it is started again`);
    setTimeout(() => keepRegistry(folder, port, say), 1_000);
  });
}
