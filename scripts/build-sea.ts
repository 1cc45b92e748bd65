// `npm run build:sea [-- x64 arm64]`: the agent as one executable for each platform, which needs no Node on the host.
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { makeBlob, makeExecutable, type Platform } from './build/agent-executable.ts';
import { buildCache, platformsOf } from './build/platforms.ts';

const bundle = 'dist/longshore-agent.cjs';
const platforms: readonly Platform[] = platformsOf(process.argv.slice(2));
const cache = buildCache(process.env);

if (!existsSync(bundle)) execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
const blob = makeBlob(cache, bundle, '.cache/sea');
for (const platform of platforms) {
  const output = `dist/longshore-agent-linux-${platform}`;
  const { stripped } = await makeExecutable(cache, platform, blob, output);
  const megabytes = Math.round(statSync(output).size / 1024 / 1024);
  const symbols = stripped ? '' : ' (with symbols: strip is not installed or not for this processor)';
  console.log(`${output} ${megabytes} MiB${symbols}`);
}
