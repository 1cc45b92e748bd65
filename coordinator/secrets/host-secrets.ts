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
    if (host === null) throw new LongshoreError('NOT_FOUND', `seal values for host ${id}: there is none`);
    return host;
  };
  return {
    secrets: async (id, isHeld) => {
      const { sealingKey } = await required(id);
      const { found, missing } = await store.secretsForHost({ host: id });
      const items = found
        .filter(({ app, secret, version }) => !isHeld(`${app}/${secret}`, version))
        .map(({ app, secret, name, version, ciphertext }) => {
          const value = vault.decrypt(secretPurpose(app, name, version), ciphertext);
          const sealed = sealFor(sealingKey, secretContext({ host: id, app, secret, version }), value);
          return { app, secret, version, sealed };
        });
      return { items, missing: missing.map(({ app, name, version }) => `${name} of ${app}, version ${version}`) };
    },
    registryCredentials: async (id, isHeld) => {
      const needed = await store.registriesForHost({ host: id });
      if (needed.length === 0) return { needed: [], items: [] };
      const { sealingKey } = await required(id);
      const missing = needed.filter(({ registry }) => !isHeld(registry));
      const items = missing.map(({ registry, username, ciphertext }) => {
        const password = vault.decrypt(registryPurpose(registry), ciphertext).toString('utf8');
        const credential: RegistryCredential = { username, password };
        const value = Buffer.from(JSON.stringify(credential), 'utf8');
        return { registry, sealed: sealFor(sealingKey, registryContext({ host: id, registry }), value) };
      });
      return { needed: needed.map(({ registry }) => registry), items };
    },
  };
}
