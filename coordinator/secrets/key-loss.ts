/**
 * What cannot be read because the key that wrote it is lost. Apps, history and tokens need no key: the coordinator starts
 * all the same, names the values that must be set again, and refuses the releases that need them. Nothing is deleted:
 * with the old key put back everything can be read again.
 */
import type { AppName } from '../../fleet/ids.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { ProblemDetail } from '../../fleet/errors.ts';
import type { AppSpec } from '../../fleet/app-spec.ts';
import type { DoctorFinding } from '../control/control-options.ts';
import type { SecretStore } from '../store/store.ts';
import { registryPurpose, secretPurpose } from './vault.ts';
import type { Vault } from './vault.ts';

export interface SecretSource {
  readonly store: Pick<SecretStore, 'secretsOfApp' | 'registries'>;
  readonly vault: Pick<Vault, 'decrypt'>;
}

export interface LostValues {
  /** Of each secret whose newest version cannot be read. */
  readonly secrets: readonly { readonly app: AppName; readonly name: string }[];
  readonly registries: readonly string[];
}

export async function lostValues({ store, vault }: SecretSource): Promise<LostValues> {
  const [versions, registries] = await Promise.all([store.secretsOfApp({ app: null }), store.registries()]);
  const newest = new Map<string, (typeof versions)[number]>();
  for (const secret of versions) {
    const key = `${secret.app}/${secret.name}`;
    const known = newest.get(key);
    if (known === undefined || known.version < secret.version) newest.set(key, secret);
  }
  return {
    secrets: [...newest.values()]
      .filter(
        ({ app, name, version, ciphertext }) => vault.decrypt(secretPurpose(app, name, version), ciphertext) === null,
      )
      .map(({ app, name }) => ({ app, name }))
      .sort((a, b) => (`${a.app}/${a.name}` < `${b.app}/${b.name}` ? -1 : 1)),
    registries: registries
      .filter(({ registry, ciphertext }) => vault.decrypt(registryPurpose(registry), ciphertext) === null)
      .map(({ registry }) => registry),
  };
}

const MOST_NAMED = 20;

/** Null = all can be read. */
export function renderLost({ secrets, registries }: LostValues): string | null {
  const names = [
    ...secrets.map(({ app, name }) => `secret ${name} of ${app}`),
    ...registries.map((registry) => `the credential of ${registry}`),
  ];
  if (names.length === 0) return null;
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  return `the key of the secrets is not the one that wrote ${names.slice(0, MOST_NAMED).join(', ')}${more}`;
}

/** For `doctor`. */
export async function secretsFinding(source: SecretSource): Promise<DoctorFinding> {
  const lost = renderLost(await lostValues(source));
  return {
    name: 'secrets',
    ok: lost === null,
    text:
      lost === null
        ? 'every secret and credential can be read'
        : `${lost}: put the old key back, or set them again (\`longshore secrets set\`, \`longshore secrets registry\`); until then releases that need them are refused, and the values are not masked in logs`,
  };
}

/**
 * @param versions pinned, by key of the app file
 * @throws SECRET_MISSING where a release could not get its values
 */
export async function requireReadable(
  { name: app, secrets }: Pick<AppSpec, 'name' | 'secrets'>,
  versions: Readonly<Record<string, number>>,
  { store, vault }: SecretSource,
  operation: string,
): Promise<void> {
  const pinned = Object.entries(versions).map(([key, version]) => ({ key, version, name: secrets[key]?.name ?? key }));
  if (pinned.length === 0) return;
  const kept = await store.secretsOfApp({ app });
  const lost = pinned.filter(({ name, version }) => {
    const found = kept.find((secret) => secret.name === name && secret.version === version);
    return found !== undefined && vault.decrypt(secretPurpose(app, name, version), found.ciphertext) === null;
  });
  if (lost.length === 0) return;
  throw new LongshoreError(
    'SECRET_MISSING',
    `${operation}: its secret ${lost.map(({ name, version }) => `${name} (version ${version})`).join(', ')} cannot be read: the key that wrote it is lost`,
    {
      hint: `Set it again with \`longshore secrets set ${app} ${lost[0]?.name ?? ''}\`, then deploy; or start the coordinator with the old key.`,
      details: lost.map(({ key, name, version }): ProblemDetail => ({
        path: `secrets.${key}`,
        message: `version ${version} of ${name} cannot be read`,
        line: null,
        column: null,
      })),
    },
  );
}

const CHECK = 'longshore-key-check';

/** For a standby, which would lead without a single secret. @throws STATE_FILE_INVALID where another key wrote the store */
export function checkStoredKey(vault: Pick<Vault, 'decrypt'>, stored: Uint8Array): void {
  if (vault.decrypt(CHECK, stored) !== null) return;
  throw new LongshoreError('STATE_FILE_INVALID', 'check the key of the secrets: another one wrote this database', {
    hint: 'Copy the key file from the machine of the coordinator that leads.',
  });
}

export interface KeyCheckOptions extends SecretSource {
  readonly store: SecretSource['store'] & Pick<SecretStore, 'keyCheck' | 'replaceKeyCheck'>;
  readonly vault: Vault;
  readonly now: () => number;
}

/**
 * At start: whether this key is the one of the store. Another one takes its place, with an event, once.
 * @returns what cannot be read, as a sentence; null = nothing
 */
export async function noteKey({ store, vault, now }: KeyCheckOptions): Promise<string | null> {
  const ciphertext = vault.encrypt(CHECK, Buffer.from(CHECK, 'utf8'));
  const isOurs = vault.decrypt(CHECK, await store.keyCheck({ ciphertext })) !== null;
  const lost = renderLost(await lostValues({ store, vault }));
  if (!isOurs) {
    const event = {
      at: now(),
      kind: 'secrets.key-changed',
      app: null,
      host: null,
      deployment: null,
      cause: { kind: 'coordinator' as const, detail: 'it started with another key of the secrets' },
      text: `The coordinator started with another key of the secrets${lost === null ? '' : `: ${lost}`}`,
    };
    await store.replaceKeyCheck({ ciphertext, events: [event] });
  }
  return lost;
}
