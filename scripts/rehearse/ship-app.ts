/**
 * The example app on its way into the fleet's registry and onto its hosts. This machine's own Docker cannot be told that
 * `*-docker.pkg.dev` is the stand-in, so it pushes through the same door without TLS on loopback; the hosts pull by the
 * registry's real name.
 */
import type { RehearsalFolder, RehearsalState } from './rehearsal-folder.ts';
import { mustRun, type CommandWishes } from './run-command.ts';

export const exampleApp = 'wordcount';
const version = '1';

export interface ShipWishes {
  readonly folder: RehearsalFolder;
  readonly state: RehearsalState;
  /** `LOCATION-docker.pkg.dev/PROJECT/REPOSITORY` */
  readonly registry: string;
  readonly wishes: CommandWishes;
}

export function localImage({ registry, state }: Pick<ShipWishes, 'registry' | 'state'>): string {
  return `127.0.0.1:${state.registryPort}/${registry.slice(registry.indexOf('/') + 1)}/${exampleApp}:${version}`;
}

/** @param token of somebody who may write to the repository */
export async function pushApp(ship: ShipWishes, token: string): Promise<void> {
  const env = { ...ship.wishes.env, DOCKER_CONFIG: ship.folder.path('docker') };
  const wishes = { ...ship.wishes, env };
  const image = localImage(ship);
  await mustRun('bundle the example', 'npm', ['run', '--silent', 'build:wordcount'], wishes);
  const args = ['--build-arg', 'BASE=longshore.local/base/node:20', '--build-arg', `WORDCOUNT_VERSION=${version}`];
  await mustRun(
    'build the example',
    'docker',
    ['build', '--quiet', '--tag', image, ...args, 'examples/wordcount'],
    wishes,
  );
  const login = ['login', image.split('/')[0] ?? '', '--username', 'oauth2accesstoken', '--password-stdin'];
  await mustRun('log in to the registry', 'docker', login, { ...wishes, input: token });
  await mustRun('push the example', 'docker', ['push', '--quiet', image], wishes);
}

/** As a person deploys it. */
export async function deployApp(ship: ShipWishes, coordinator: Readonly<Record<string, string>>): Promise<void> {
  const env = {
    ...ship.wishes.env,
    ...coordinator,
    WORDCOUNT_IMAGE: `${ship.registry}/${exampleApp}`,
    WORDCOUNT_VERSION: version,
  };
  const args = ['dist/longshore.mjs', 'deploy', '--no-build', '--file', 'examples/wordcount/compose.yaml'];
  await mustRun('deploy', process.execPath, args, { ...ship.wishes, env, show: true });
}

/** @throws with what is wrong */
export async function checkCount(url: string): Promise<void> {
  const answer = await fetch(`${url}/count`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: 'three words here',
    signal: AbortSignal.timeout(5_000),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${url}/count answers ${answer.status}: ${text.slice(0, 200)}`);
  const { words } = JSON.parse(text) as { readonly words?: unknown };
  if (words !== 3) throw new Error(`${url}/count counted ${String(words)} words in a text of 3`);
}
