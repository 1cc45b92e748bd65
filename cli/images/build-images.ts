/**
 * Builds and pushes the images of services with `build`, with the user's own docker client (so its credentials,
 * contexts and builders count), and reads back the digest that the registry gave: what a release pins.
 */
import { spawn } from 'node:child_process';
import type { BuildSpec } from '../../compose/keys/build.ts';
import type { AppSpec } from '../../fleet/app-spec.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import { isDigest } from '../../fleet/ids.ts';
import type { Digest } from '../../fleet/ids.ts';
import { parseImageReference } from '../../fleet/image-reference.ts';
import type { Context } from '../context.ts';
import type { Environment } from '../profile.ts';

export type DockerContext = Pick<Context, 'terminal' | 'environment' | 'folder' | 'signal'>;

/**
 * Pure: the arguments of `docker build`.
 * @param environment of the docker client: an argument that already has its value there travels by name alone, which
 *   keeps a user's own variables out of argv. The file never adds to it: PATH or DOCKER_HOST would choose what runs.
 */
export function buildArguments(build: BuildSpec, environment: Environment): readonly string[] {
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
    ...Object.entries(build.args).flatMap(([name, value]) => [
      '--build-arg',
      Object.hasOwn(environment, name) && environment[name] === value ? name : `${name}=${value}`,
    ]),
    ...Object.entries(build.labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    // A folder whose name begins with "-" is no flag.
    build.context.startsWith('-') ? `./${build.context}` : build.context,
  ];
}

/** Pure: the user's environment, without the token of Longshore: neither docker nor its plugins need it. */
export function dockerEnvironment(environment: Environment): Environment {
  const { LONGSHORE_TOKEN: _token, ...rest } = environment;
  return { ...rest, DOCKER_CLI_HINTS: 'false' };
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

/**
 * Where a plan puts what it built: hosts that look for newer images must not find under the app's own tag what nobody
 * has deployed.
 */
export const PLANNED_TAG = 'longshore-plan';

export interface BuiltImage {
  /** As the app file names it. */
  readonly image: string;
  readonly digest: Digest;
}

/**
 * Pure: the digest of every service that runs a built image, also where only another service has the `build`.
 * @returns by service
 */
export function builtDigests(
  services: AppSpec['services'],
  built: readonly BuiltImage[],
): Readonly<Record<string, Digest>> {
  const digests = new Map(built.map(({ image, digest }) => [wholeReference(image), digest]));
  return Object.fromEntries(
    Object.entries(services).flatMap(([service, { image }]) => {
      const digest = digests.get(wholeReference(image.reference));
      return digest === undefined ? [] : [[service, digest]];
    }),
  );
}

/** One text for `app`, `app:latest` and `docker.io/library/app`. */
function wholeReference(reference: string): string {
  const { registry, repository, tag, digest } = parseImageReference(reference);
  return `${registry}/${repository}${digest === null ? `:${tag ?? 'latest'}` : `@${digest}`}`;
}

/**
 * `plan`: pushed under `PLANNED_TAG` of the same repository; `deploy`: under the image's own tag.
 * @returns each image once
 * @throws BUILD_FAILED
 */
export async function buildImages(
  context: DockerContext,
  builds: readonly BuildSpec[],
  purpose: 'plan' | 'deploy',
): Promise<readonly BuiltImage[]> {
  const byImage = new Map<string, Digest>();
  for (const build of builds)
    if (!byImage.has(build.image)) byImage.set(build.image, await buildAndPush(context, build, purpose));
  return [...byImage].map(([image, digest]) => ({ image, digest }));
}

async function buildAndPush(context: DockerContext, build: BuildSpec, purpose: 'plan' | 'deploy'): Promise<Digest> {
  context.terminal.err(`Building ${build.image} from ${build.context}`);
  await docker(context, buildArguments(build, dockerEnvironment(context.environment)), `build ${build.image}`);
  if (purpose === 'deploy') return push(context, build.image);
  const planned = `${parseImageReference(build.image).name}:${PLANNED_TAG}`;
  await docker(context, ['tag', build.image, planned], `tag ${planned}`);
  return push(context, planned);
}

/** Puts the images of a saved plan under the tags that its app file names. @throws BUILD_FAILED */
export async function tagPlannedImages(context: DockerContext, built: readonly BuiltImage[]): Promise<void> {
  for (const { image, digest } of built) {
    const content = `${parseImageReference(image).name}@${digest}`;
    await docker(context, ['pull', '--quiet', content], `pull ${content}`);
    await docker(context, ['tag', content, image], `tag ${image}`);
    await push(context, image);
  }
}

async function push(context: DockerContext, image: string): Promise<Digest> {
  context.terminal.err(`Pushing ${image}`);
  const digest = pushedDigest(await docker(context, ['push', image], `push ${image}`));
  if (digest === null)
    throw new LongshoreError('BUILD_FAILED', `push ${image}: the registry named no digest`, {
      hint: 'Try `docker push` by hand.',
    });
  return digest;
}

const KEPT_BYTES = 64 * 1024;

/** Output goes to standard error while it runs (standard output is for data). @returns its end */
function docker(context: DockerContext, parameters: readonly string[], what: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('docker', parameters, {
      cwd: context.folder,
      env: dockerEnvironment(context.environment),
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
