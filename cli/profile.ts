/**
 * Where the coordinator is and with which token: environment first (LONGSHORE_URL, LONGSHORE_TOKEN_FILE,
 * LONGSHORE_TOKEN), then the profile that `longshore login` wrote (0600). A token never stands in argv.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { LongshoreError } from '../fleet/errors.ts';
import type { Credentials } from './client/api-client.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const profileSchema = z.strictObject({ url: z.url(), token: z.string() });
export type Profile = z.infer<typeof profileSchema>;

export function profilePath(environment: Environment): string {
  const base = environment.XDG_CONFIG_HOME ?? join(environment.HOME ?? '/root', '.config');
  return environment.LONGSHORE_PROFILE ?? join(base, 'longshore', 'profile.json');
}

/** @throws CONFIG_INVALID, UNREACHABLE when nothing says where the coordinator is */
export async function readCredentials(environment: Environment): Promise<Credentials> {
  const profile = await readProfile(profilePath(environment));
  const url = environment.LONGSHORE_URL ?? profile?.url;
  if (url === undefined) {
    throw new LongshoreError('CONFIG_INVALID', 'find the coordinator: no URL is known', {
      hint: 'Run `longshore login URL`, or set LONGSHORE_URL.',
    });
  }
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new LongshoreError('CONFIG_INVALID', `find the coordinator: \`${url}\` is no http(s) URL`, {
      hint: 'For example https://longshore.example.com',
    });
  }
  return { url, token: await readToken(environment, profile, url) };
}

async function readToken(environment: Environment, profile: Profile | null, url: string): Promise<string | null> {
  if (environment.LONGSHORE_TOKEN_FILE !== undefined)
    return (await readText(environment.LONGSHORE_TOKEN_FILE, 'LONGSHORE_TOKEN_FILE')).trim();
  if (environment.LONGSHORE_TOKEN !== undefined) return environment.LONGSHORE_TOKEN.trim();
  // A token belongs to the coordinator that it was given for: it is not sent to another one.
  return profile !== null && sameOrigin(profile.url, url) ? profile.token : null;
}

function sameOrigin(a: string, b: string): boolean {
  return new URL(a).origin === new URL(b).origin;
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new LongshoreError(
      'CONFIG_INVALID',
      `read the file of ${what}, ${path}: ${error instanceof Error ? error.message : String(error)}`,
      { hint: 'Check the path and its permissions.', cause: error },
    );
  }
}

async function readProfile(path: string): Promise<Profile | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new LongshoreError(
      'CONFIG_INVALID',
      `read the profile ${path}: ${error instanceof Error ? error.message : String(error)}`,
      { hint: 'Check its permissions.', cause: error },
    );
  }
  const parsed = profileSchema.safeParse(parseJson(text));
  if (!parsed.success)
    throw new LongshoreError('CONFIG_INVALID', `read the profile ${path}: it is not of its form`, {
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

export async function writeProfile(path: string, profile: Profile): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  await writeFile(temporary, `${JSON.stringify(profile, null, 2)}\n`, { mode: 0o600 });
  await rename(temporary, path);
}
