/**
 * Where the coordinator is, with which token and by which certificates: environment first (LONGSHORE_URL,
 * LONGSHORE_TOKEN_FILE, LONGSHORE_TOKEN, LONGSHORE_CA), then the profile that `longshore login` wrote (0600). A token
 * never stands in argv. An empty variable is one that a script did not fill: it counts as not set.
 */
import { readFile } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { certificatesOf } from '../daemon/certificates-of.ts';
import { systemRoots } from '../daemon/system-roots.ts';
import { LongshoreError } from '../fleet/errors.ts';
import { fileFault } from '../fleet/file-fault.ts';
import type { Credentials } from './client/api-client.ts';
import { isSameCoordinator, parseCoordinatorUrls } from './coordinator-url.ts';
import { writePrivateFile } from './private-file.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** `ca`: absolute path of the file with the authority of the coordinator's certificate. */
/** `url`: one, or several apart by commas. */
const profileSchema = z.strictObject({
  url: z.string().refine((urls) => urls.split(',').every((url) => URL.canParse(url))),
  token: z.string(),
  ca: z.string().optional(),
});
export type Profile = z.infer<typeof profileSchema>;

export function profilePath(environment: Environment): string {
  const config = valueOf('XDG_CONFIG_HOME', environment);
  // The XDG specification: a relative path counts as none.
  const base =
    config !== undefined && isAbsolute(config) ? config : join(valueOf('HOME', environment) ?? '/root', '.config');
  return valueOf('LONGSHORE_PROFILE', environment) ?? join(base, 'longshore', 'profile.json');
}

/** @throws CONFIG_INVALID also when nothing says where the coordinator is */
export async function readCredentials(environment: Environment): Promise<Credentials> {
  const profile = await readProfile(profilePath(environment));
  const text = valueOf('LONGSHORE_URL', environment) ?? profile?.url;
  if (text === undefined) {
    throw new LongshoreError('CONFIG_INVALID', 'find the coordinator: no URL is known', {
      hint: 'Run `longshore login URL`, or set LONGSHORE_URL.',
    });
  }
  const urls = parseCoordinatorUrls(text, 'find the coordinator', 'CONFIG_INVALID');
  // What was given for one coordinator is not used with another one.
  const own = profile !== null && urls.every((url) => isOf(profile, url)) ? profile : null;
  const url = urls.find((each) => each.startsWith('https:')) ?? urls[0];
  return {
    url: urls[0],
    urls,
    token: await readToken(environment, own),
    ca: await readRoots(url, caFile(environment) ?? own?.ca),
    variables: environment,
  };
}

const isOf = (profile: Profile, url: string): boolean =>
  profile.url.split(',').some((known) => URL.canParse(known) && isSameCoordinator(known, url));

/** The file that `--ca` or LONGSHORE_CA names, as an absolute path. */
export function caFile(environment: Environment): string | undefined {
  const named = valueOf('LONGSHORE_CA', environment);
  return named === undefined ? undefined : resolve(named);
}

/**
 * What a TLS connection to the coordinator accepts: only the named file where there is one; else Node's list and the
 * machine's own, which Node does not read by itself.
 * @returns undefined = Node's default
 * @throws CONFIG_INVALID
 */
export async function readRoots(url: string, file: string | undefined): Promise<readonly string[] | undefined> {
  if (file !== undefined) {
    const pem = await readText(file, 'the certificate authority');
    try {
      return certificatesOf(pem);
    } catch (error) {
      throw new LongshoreError('CONFIG_INVALID', `read the certificate authority ${file}: ${fileFault(error)}`, {
        hint: 'Give a file in PEM, which begins with `-----BEGIN CERTIFICATE-----`.',
        cause: error,
      });
    }
  }
  return url.startsWith('https:') ? systemRoots() : undefined;
}

async function readToken(environment: Environment, profile: Profile | null): Promise<string | null> {
  const file = valueOf('LONGSHORE_TOKEN_FILE', environment);
  if (file !== undefined) {
    const token = (await readText(file, 'the token of LONGSHORE_TOKEN_FILE')).trim();
    if (token === '')
      throw new LongshoreError('CONFIG_INVALID', `read the token of LONGSHORE_TOKEN_FILE, ${file}: it is empty`, {
        hint: 'Put an API token into it; `longshore tokens make` prints one.',
      });
    return token;
  }
  return valueOf('LONGSHORE_TOKEN', environment) ?? profile?.token ?? null;
}

function valueOf(name: string, environment: Environment): string | undefined {
  const value = environment[name]?.trim();
  return value === '' ? undefined : value;
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new LongshoreError('CONFIG_INVALID', `read ${what}, ${path}: ${fileFault(error)}`, {
      hint: 'Check the path and its permissions.',
      cause: error,
    });
  }
}

async function readProfile(path: string): Promise<Profile | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new LongshoreError('CONFIG_INVALID', `read the profile ${path}: ${fileFault(error)}`, {
      hint: 'Check its permissions.',
      cause: error,
    });
  }
  const parsed = profileSchema.safeParse(parseJson(text));
  if (!parsed.success)
    throw new LongshoreError('CONFIG_INVALID', `read the profile ${path}: unexpected content`, {
      hint: 'Run `longshore login URL` again.',
    });
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** @throws CONFIG_INVALID */
export async function writeProfile(path: string, profile: Profile): Promise<void> {
  try {
    await writePrivateFile(path, `${JSON.stringify(profile, null, 2)}\n`);
  } catch (error) {
    throw new LongshoreError('CONFIG_INVALID', `write the profile ${path}: ${fileFault(error)}`, {
      hint: 'Check the folder, or name another file with LONGSHORE_PROFILE.',
      cause: error,
    });
  }
}
