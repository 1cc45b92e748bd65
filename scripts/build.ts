// `npm run build`: bundles into dist/. Programs whose entry does not exist are an error, so that nothing is forgotten.
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { BUILT_MARK } from './build/build-if-old.ts';
import { buildWeb } from './build/web.ts';
import { buildWordcount } from './build/wordcount.ts';
import { besideCoordinator, programs, type Program } from './build/programs.ts';

rmSync('dist', { recursive: true, force: true });
mkdirSync('dist', { recursive: true });
await Promise.all([...programs.map(buildProgram), buildWeb('dist/web'), buildWordcount()]);
for (const name of besideCoordinator) {
  if (existsSync(`node_modules/${name}`))
    cpSync(`node_modules/${name}`, `dist/node_modules/${name}`, { recursive: true });
}
writeFileSync(BUILT_MARK, '');

async function buildProgram(program: Program): Promise<void> {
  await build({ ...program.options, entryPoints: [program.entry], outfile: program.output });
  if (program.executable) chmodSync(program.output, 0o755);
  const kilobytes = Math.round(statSync(program.output).size / 1024);
  console.log(`${program.output.padEnd(34)} ${kilobytes} KiB`);
}
