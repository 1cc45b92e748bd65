/** `build`: what the command line builds and pushes before a release is made; nothing of it goes into the release. */
import { joinPath } from '../source/paths.ts';
import { fields, type KeyTable, later, notDone } from './key-table.ts';
import { readPairs, readTextMap } from './pairs.ts';
import { type Cursor, fail, failKey, readBoolean, readFilledText, readIf, readOr, warn } from './read.ts';
import type { Surroundings } from './surroundings.ts';

export interface BuildSpec {
  readonly service: string;
  /** Reference that the built image is pushed under. */
  readonly image: string;
  /** Folder, joined to the folder of the app file that names it. */
  readonly context: string;
  /** Relative to the context, as Docker takes it. */
  readonly dockerfile: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly noCache: boolean;
  /** Ask the registry for newer base images. */
  readonly pull: boolean;
  readonly network: string | null;
  readonly platform: string | null;
}

export const BUILD_KEYS = {
  context: 'read',
  dockerfile: 'read',
  args: 'read',
  target: 'read',
  labels: 'read',
  no_cache: 'read',
  pull: 'read',
  network: 'read',
  additional_contexts: later(),
  cache_from: later(),
  cache_to: later(),
  dockerfile_inline: later('put the text into a Dockerfile'),
  entitlements: later(),
  extra_hosts: later(),
  isolation: later(),
  platforms: later('the image is built for the platform of the engine that builds, or "platform" of the service'),
  privileged: later(),
  provenance: later(),
  sbom: later(),
  secrets: later(),
  shm_size: later(),
  ssh: later(),
  tags: later('the image gets the name under "image"'),
  ulimits: later(),
} satisfies KeyTable;

export interface BuildOf {
  readonly service: string;
  readonly image: string;
  readonly platform: string | null;
  readonly around: Surroundings;
}

export function readBuild(cursor: Cursor, of: BuildOf): BuildSpec | null {
  const given = cursor.tree.kind === 'map' ? fields(cursor, BUILD_KEYS) : { context: cursor };
  const more: Partial<Readonly<Record<keyof typeof BUILD_KEYS, Cursor>>> = given;
  if (of.image === '')
    return failKey(
      cursor,
      'an "image" is needed beside "build": the built image is pushed under it, and a release pins the pushed digest',
    );
  const context = more.context === undefined ? '.' : readFilledText(more.context);
  if (context === null) return null;
  if (more.context !== undefined && /^(?:\w+:\/\/|git@|github\.com\/)/.test(context))
    return fail(more.context, notDone('a context elsewhere', 'check it out and name the folder'));
  const base = more.context?.tree.at.base ?? cursor.tree.at.base;
  return {
    service: of.service,
    image: of.image,
    context: joinPath(base, context),
    dockerfile: readOr(more.dockerfile, readFilledText, 'Dockerfile'),
    args: more.args === undefined ? {} : readArgs(more.args, of.around),
    target: readIf(more.target, readFilledText),
    labels: readOr(more.labels, readTextMap, {}),
    noCache: readOr(more.no_cache, readBoolean, false),
    pull: readOr(more.pull, readBoolean, false),
    network: readIf(more.network, readFilledText),
    platform: of.platform,
  };
}

function readArgs(cursor: Cursor, around: Surroundings): Readonly<Record<string, string>> {
  const args: Record<string, string> = {};
  for (const pair of readPairs(cursor)) {
    const value = pair.value ?? around.lookup(pair.name);
    if (!/^[^\s=\0]+$/.test(pair.name)) failKey(pair.cursor, `\`${pair.name}\` is not the name of a build argument`);
    else if (value?.includes('\0') === true) fail(pair.cursor, 'holds a NUL character');
    else if (value !== undefined) args[pair.name] = value;
    else warn(pair.cursor, `${pair.name} has no value here and none in your environment; the build does not get it`);
  }
  return args;
}
