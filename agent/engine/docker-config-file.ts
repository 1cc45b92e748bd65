/**
 * `~/.docker/config.json`: what `docker login` leaves. It is read at each pull, so a login needs no restart of the
 * agent. A registry's own helper comes before the general store, and both before a password in the file.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';
import { DOCKER_HUB, registryOfKey } from '../../fleet/image-reference.ts';
import { askCredentialHelper } from './credential-helper.ts';
import { type CredentialSource, type RegistryCredential } from './registry-auth.ts';

const entrySchema = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
});

/** Docker writes much more into it; that is not ours to judge. */
const fileSchema = z.object({
  auths: z.record(z.string(), entrySchema).optional(),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
});

export type DockerConfig = z.infer<typeof fileSchema>;

/** @param path of the agent user's file; one that does not exist holds nothing */
export function dockerConfigCredentials(path: string): CredentialSource {
  return async (registry, signal) => {
    const config = await readDockerConfig(path);
    if (config === null) return null;
    const helper = helperFor(config, registry);
    if (helper !== null) {
      const answer = await askCredentialHelper(helper, keyOf(config, registry), signal);
      if (answer !== null) return answer;
    }
    return credentialInFile(config, registry);
  };
}

/** Name of the program `docker-credential-NAME` that is asked for this registry. */
export function helperFor(config: DockerConfig, registry: string): string | null {
  const own = Object.entries(config.credHelpers ?? {}).find(([key]) => registryOfKey(key) === registry)?.[1];
  return own ?? config.credsStore ?? null;
}

/** What a helper knows the registry by. The hub's is an address that `docker login` leaves as a key without a password. */
export function keyOf(config: DockerConfig, registry: string): string {
  if (registry !== DOCKER_HUB) return registry;
  const keys = [...Object.keys(config.auths ?? {}), ...Object.keys(config.credHelpers ?? {})];
  return keys.find((key) => registryOfKey(key) === registry) ?? registry;
}

export function credentialInFile(config: DockerConfig, registry: string): RegistryCredential | null {
  const entries = Object.entries(config.auths ?? {});
  const entry = entries.find(([key]) => registryOfKey(key) === registry)?.[1];
  if (entry === undefined) return null;
  const [username = '', ...password] = Buffer.from(entry.auth ?? '', 'base64')
    .toString('utf8')
    .split(':');
  const credential = {
    username: entry.username ?? username,
    password: entry.password ?? password.join(':'),
    identityToken: entry.identitytoken ?? null,
  };
  // With a helper, Docker leaves an empty entry behind.
  return credential.password === '' && credential.identityToken === null ? null : credential;
}

async function readDockerConfig(path: string): Promise<DockerConfig | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw unreadable(path, error);
  }
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): LongshoreError {
  return new LongshoreError('REGISTRY_DENIED', `read credentials from ${path}: it is not a Docker configuration file`, {
    hint: 'Fix or remove the file; `docker login` writes a new one.',
    cause,
  });
}
