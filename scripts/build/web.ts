// The page: TypeScript modules become one script, everything else is copied as it is.
import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

export async function buildWeb(output: string): Promise<void> {
  mkdirSync(output, { recursive: true });
  if (!existsSync('web')) return;
  for (const name of readdirSync('web')) {
    if (!/\.(m?ts|json|md)$/.test(name)) cpSync(path.join('web', name), path.join(output, name), { recursive: true });
  }
  if (!existsSync('web/main.ts')) return;
  await build({
    entryPoints: ['web/main.ts'],
    outfile: path.join(output, 'main.js'),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    logLevel: 'warning',
  });
}
