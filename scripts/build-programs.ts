// `npm run build:programs [-- x64 arm64]`: dist/programs, the archives that machines get their programs from. The same
// source gives the same checksums.
import { buildProgramArchives } from './build/program-archives.ts';
import { buildCache, platformsOf } from './build/platforms.ts';

const archives = await buildProgramArchives({
  output: 'dist/programs',
  work: '.cache/programs',
  cache: buildCache(process.env),
  platforms: platformsOf(process.argv.slice(2)),
});
for (const { file, sha256 } of archives) console.log(`${sha256}  dist/programs/${file}`);
