/** What a host is sent so that its apps have their secrets and can pull: everything sealed to that host's key. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { CoordinatorMessageOf } from '../../protocol/agent-messages.ts';
import { registryContext, secretContext } from '../../protocol/sealing.ts';
import { SEALING } from '../../protocol/sealing.ts';
import type { RegistryCredential } from '../../protocol/sealing.ts';
import type { HostRow } from '../store/records.ts';
import type { SecretStore } from '../store/store.ts';
import { seal } from './seal.ts';
import { registryPurpose, secretPurpose } from './vault.ts';
import type { Vault } from './vault.ts';

export type SecretsMessage = CoordinatorMessageOf<'secrets'>;
export type CredentialMessage = CoordinatorMessageOf<'registry-credential'>;

export interface HostSecrets {
  /** @param held versions that hello said are on the host (`app/secret`); they are left out. Null = nothing to send. */
  secretsFor(host: HostRow, held: Readonly<Record<string, number>>): Promise<SecretsMessage | null>;
  /** One message per stored registry. */
  credentialsFor(host: HostRow): Promise<readonly CredentialMessage[]>;
}

export function hostSecrets(store: Pick<SecretStore, 'secretsForHost' | 'registries'>, vault: Vault): HostSecrets {
  const sealFor = (host: HostRow, context: string, value: Uint8Array): string =>
    seal({
      recipient: host.sealingKey,
      context,
      value,
      ephemeral: generateKeyPairSync('x25519'),
      nonce: randomBytes(SEALING.nonceBytes),
    });
  return {
    secretsFor: async (host, held) => {
      const secrets = await store.secretsForHost({ host: host.id });
      const items = secrets
        .filter(({ app, name, version }) => held[`${app}/${name}`] !== version)
        .map(({ app, name, version, ciphertext }) => {
          const value = vault.decrypt(secretPurpose(app, name, version), ciphertext);
          const sealed = sealFor(host, secretContext({ host: host.id, app, secret: name, version }), value);
          return { app, secret: name, version, sealed };
        });
      return items.length === 0 ? null : { kind: 'secrets', items };
    },
    credentialsFor: async (host) => {
      const registries = await store.registries();
      return registries.map(({ registry, username, ciphertext }) => {
        const credential: RegistryCredential = {
          username,
          password: vault.decrypt(registryPurpose(registry), ciphertext).toString('utf8'),
        };
        const value = Buffer.from(JSON.stringify(credential), 'utf8');
        return {
          kind: 'registry-credential',
          registry,
          sealed: sealFor(host, registryContext({ host: host.id, registry }), value),
        };
      });
    },
  };
}
