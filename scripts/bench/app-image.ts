// The bench's app as an image in a registry: one bundled file on the base image of this machine.
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import type { AuthConfig } from 'dockerode';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';

const base = 'longshore.local/base/node:20';

/** @returns the reference with its tag */
export async function pushAppImage(docker: Docker, repository: string): Promise<string> {
  const reference = `${repository}:1`;
  const context = pack();
  context.entry({ name: 'Dockerfile' }, readFileSync('scripts/bench/app/Dockerfile', 'utf8'));
  context.entry({ name: 'server.mjs' }, await bundleApp());
  context.finalize();
  await finished(
    docker,
    await docker.buildImage(context as unknown as NodeJS.ReadableStream, { t: reference, buildargs: { BASE: base } }),
  );
  // Docker wants the header, even for a registry that asks nobody.
  await finished(docker, await docker.getImage(reference).push({ authconfig: { auth: '' } as AuthConfig }));
  return reference;
}

async function bundleApp(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: ['scripts/bench/app/main.ts'],
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    write: false,
    logLevel: 'warning',
  });
  return outputFiles[0]?.text ?? '';
}

function finished(docker: Docker, stream: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(stream, (error: Error | null, output: readonly { readonly error?: string }[]) => {
      const refused = output.find((line) => line.error !== undefined)?.error;
      if (error !== null) reject(error);
      else if (refused !== undefined) reject(new Error(refused));
      else resolve();
    });
  });
}
