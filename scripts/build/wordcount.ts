// The example app as one file, which its Dockerfile copies.
import { build } from 'esbuild';

export async function buildWordcount(): Promise<void> {
  await build({
    entryPoints: ['examples/wordcount/main.ts'],
    outfile: 'examples/wordcount/dist/server.mjs',
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    legalComments: 'none',
    logLevel: 'warning',
    banner: {
      js: "import { createRequire as $createRequire } from 'node:module';const require=$createRequire(import.meta.url);",
    },
  });
}
