/**
 * Builds and pushes the images of services with `build`, with the user's own docker client (so its credentials,
 * contexts and builders count), and reads back the digest that the registry gave: what a release pins.
 */
import { spawn } from 'node:child_process';
import type { BuildSpec } from '../../compose/keys/build.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import { isDigest } from '../../fleet/ids.ts';
import type { Digest } from '../../fleet/ids.ts';
import type { Context } from '../context.ts';

/** Pure: the arguments of `docker build`. Values of args come from the environment where the file says so. */
export function buildArguments(build: BuildSpec): readonly string[] {
  return [
    'build',
    '--tag',
    build.image,
    '--file',
    dockerfilePath(build),
    ...(build.target === null ? [] : ['--target', build.target]),
    ...(build.platform === null ? [] : ['--platform', build.platform]),
    ...(build.network === null ? [] : ['--network', build.network]),
    ...(build.noCache ? ['--no-cache'] : []),
    ...(build.pull ? ['--pull'] : []),
    // The name alone: docker takes the value from its environment, and argv shows none.
    ...Object.keys(build.args).flatMap((name) => ['--build-arg', name]),
    ...Object.entries(build.labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    build.context,
  ];
}

function dockerfilePath(build: BuildSpec): string {
  return build.dockerfile.startsWith('/')
    ? build.dockerfile
    : `${build.context.replace(/\/$/, '')}/${build.dockerfile}`;
}

/** The digest that `docker push` reports in its last lines. */
export function pushedDigest(output: string): Digest | null {
  const found = [...output.matchAll(/digest: (sha256:[0-9a-f]{64})/g)].at(-1)?.[1];
  return found !== undefined && isDigest(found) ? found : null;
}

/** @returns digest by service. @throws BUILD_FAILED */
export async function buildImages(
  context: Context,
  builds: readonly BuildSpec[],
): Promise<Readonly<Record<string, Digest>>> {
  const digests: Record<string, Digest> = {};
  const byImage = new Map<string, Digest>();
  for (const build of builds) {
    const known = byImage.get(build.image);
    const digest = known ?? (await buildAndPush(context, build));
    byImage.set(build.image, digest);
    digests[build.service] = digest;
  }
  return digests;
}

async function buildAndPush(context: Context, build: BuildSpec): Promise<Digest> {
  context.terminal.err(`Building ${build.image} from ${build.context}`);
  await docker(context, buildArguments(build), build.args, `build ${build.image}`);
  context.terminal.err(`Pushing ${build.image}`);
  const digest = pushedDigest(await docker(context, ['push', build.image], {}, `push ${build.image}`));
  if (digest === null)
    throw new LongshoreError('BUILD_FAILED', `push ${build.image}: the registry named no digest`, {
      hint: 'Try `docker push` by hand.',
    });
  return digest;
}

const KEPT_BYTES = 64 * 1024;

/** Output goes to standard error while it runs (standard output is for data). @returns its end */
function docker(
  context: Context,
  parameters: readonly string[],
  variables: Readonly<Record<string, string>>,
  what: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('docker', parameters, {
      cwd: context.folder,
      env: { ...context.environment, ...variables, DOCKER_CLI_HINTS: 'false' },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: context.signal,
    });
    let output = '';
    const take = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-KEPT_BYTES);
      context.terminal.streams.stderr.write(chunk);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) =>
      reject(
        'code' in error && error.code === 'ENOENT'
          ? new LongshoreError('BUILD_FAILED', `${what}: there is no docker client on this machine`, {
              hint: 'Install it, or push the image elsewhere and leave `build` out.',
            })
          : new LongshoreError('BUILD_FAILED', `${what}: ${error.message}`, { cause: error }),
      ),
    );
    child.on('close', (code) =>
      code === 0
        ? resolve(output)
        : reject(new LongshoreError('BUILD_FAILED', `${what}: docker ended with ${code ?? 'a signal'}`)),
    );
  });
}
