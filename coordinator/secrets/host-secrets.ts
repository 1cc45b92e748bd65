/** What a host is sent so that its apps have their secrets and can pull: everything sealed to that host's key. */
import { LongshoreError } from '../../fleet/errors.ts';
import type { HostId } from '../../fleet/ids.ts';
import { registryContext, SEALING, secretContext } from '../../protocol/sealing.ts';
import type { RegistryCredential } from '../../protocol/sealing.ts';
import type { SealedPort } from '../ports.ts';
import type { HostRow } from '../store/records.ts';
import type { HostStore, SecretStore } from '../store/store.ts';
import { seal } from './seal.ts';
import type { SealingInput } from './seal.ts';
import { registryPurpose, secretPurpose } from './vault.ts';
import type { Vault } from './vault.ts';

export interface HostSecretsOptions {
  readonly store: Pick<SecretStore, 'secretsForHost' | 'registriesForHost'> & Pick<HostStore, 'host'>;
  readonly vault: Vault;
  readonly randomBytes: (size: number) => Buffer;
  /** A new X25519 pair. */
  readonly keyPair: () => SealingInput['ephemeral'];
}

export function hostSecrets({ store, vault, randomBytes, keyPair }: HostSecretsOptions): SealedPort {
  const sealFor = (recipient: string, context: string, value: Uint8Array): string =>
    seal({ recipient, context, value, ephemeral: keyPair(), nonce: randomBytes(SEALING.nonceBytes) });
  const required = async (id: HostId): Promise<HostRow> => {
    const host = await store.host({ id });
    if (host === null) throw new LongshoreError('NOT_FOUND', `seal values for host ${id}: not found`);
    return host;
  };
  return {
    secrets: async (id, isHeld) => {
      const { sealingKey } = await required(id);
      const { found, missing } = await store.secretsForHost({ host: id });
      const unreadable: (typeof found)[number][] = [];
      const items = found
        .filter(({ app, secret, version }) => !isHeld(`${app}/${secret}`, version))
        .flatMap((pinned) => {
          const { app, secret, name, version, ciphertext } = pinned;
          const value = vault.decrypt(secretPurpose(app, name, version), ciphertext);
          if (value === null) {
            unreadable.push(pinned);
            return [];
          }
          const sealed = sealFor(sealingKey, secretContext({ host: id, app, secret, version }), value);
          return [{ app, secret, version, sealed }];
        });
      const names = [...missing, ...unreadable].map(
        ({ app, name, version }) => `${name} of ${app}, version ${version}`,
      );
      return { items, missing: names };
    },
    registryCredentials: async (id, isHeld) => {
      const needed = await store.registriesForHost({ host: id });
      if (needed.length === 0) return { needed: [], items: [] };
      const { sealingKey } = await required(id);
      const items = needed
        .filter(({ registry }) => !isHeld(registry))
        .flatMap(({ registry, username, ciphertext }) => {
          const password = vault.decrypt(registryPurpose(registry), ciphertext)?.toString('utf8');
          if (password === undefined) return [];
          const credential: RegistryCredential = { username, password };
          const value = Buffer.from(JSON.stringify(credential), 'utf8');
          return [{ registry, sealed: sealFor(sealingKey, registryContext({ host: id, registry }), value) }];
        });
      const sent = new Set(items.map(({ registry }) => registry));
      const registries = needed.map(({ registry }) => registry);
      return { needed: registries.filter((registry) => isHeld(registry) || sent.has(registry)), items };
    },
  };
}
