/** Which login a registry gets: the one that an operator stored, else of a Docker config file, else the machine's own. */
import { readFile } from 'node:fs/promises';
import { LongshoreError } from '../../fleet/errors.ts';
import { registryOfKey } from '../../fleet/image-reference.ts';
import { registryPurpose } from '../secrets/vault.ts';
import type { Vault } from '../secrets/vault.ts';
import type { SecretStore } from '../store/store.ts';
import type { RegistryLogin } from './registry-client.ts';

export interface LoginsOptions {
  readonly store: Pick<SecretStore, 'registries'>;
  readonly vault: Vault;
  /** `~/.docker/config.json`; null = none. One that does not exist is none. */
  readonly dockerConfigFile: string | null;
  /** Of the machine itself, for the registries of its cloud. */
  readonly ofMachine?: (registry: string) => Promise<RegistryLogin | null>;
}

export async function loginFor(registry: string, options: LoginsOptions): Promise<RegistryLogin | null> {
  const stored = (await options.store.registries()).find((row) => row.registry === registry);
  const password = stored === undefined ? null : options.vault.decrypt(registryPurpose(registry), stored.ciphertext);
  if (stored !== undefined && password !== null)
    return { username: stored.username, password: password.toString('utf8') };
  const { dockerConfigFile: file, ofMachine } = options;
  const inFile = file === null ? null : loginInDockerConfig(await readText(file), registry, file);
  return inFile ?? (await ofMachine?.(registry)) ?? null;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return '{}';
    throw new LongshoreError('CONFIG_INVALID', `read the Docker config ${file}: ${message}`, {
      cause: error,
      hint: "Make it readable to the coordinator's user, or remove docker_config_file.",
    });
  }
}

/** @throws CONFIG_INVALID where the text is no JSON */
export function loginInDockerConfig(text: string, registry: string, file: string): RegistryLogin | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new LongshoreError('CONFIG_INVALID', `read the Docker config ${file}: it is not JSON`, { cause: error });
  }
  const auths = field(json, 'auths');
  for (const [key, entry] of Object.entries(typeof auths === 'object' && auths !== null ? auths : {})) {
    if (registryOfKey(key) !== registry) continue;
    const auth = field(entry, 'auth');
    if (typeof auth !== 'string') continue;
    const [username = '', ...rest] = Buffer.from(auth, 'base64').toString('utf8').split(':');
    if (username !== '') return { username, password: rest.join(':') };
  }
  return null;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
