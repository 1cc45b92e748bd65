/** Secrets and registry credentials: set, list by name, forget. No value ever comes back out of here. */
import { LongshoreError } from '../../fleet/errors.ts';
import { isReservedName } from '../../fleet/ids.ts';
import type { AppName } from '../../fleet/ids.ts';
import { REGISTRY_NAME, SECRET_NAME } from '../../protocol/http-api/path-parameters.ts';
import { personCause } from '../commands.ts';
import type { Actor, Commands } from '../commands.ts';
import { registryPurpose, secretPurpose } from '../secrets/vault.ts';
import type { NewEvent } from '../store/records.ts';
import type { ControlOptions } from './control-options.ts';
import { requireKnownApp } from './known-app.ts';
import { pageOf, pagingOf } from './page-of.ts';
import { retryConflict } from './retry-conflict.ts';

type SecretCommands = Pick<
  Commands,
  'listSecrets' | 'setSecret' | 'removeSecret' | 'listRegistries' | 'setRegistry' | 'removeRegistry'
>;

export function secretCommands(options: ControlOptions): SecretCommands {
  const { store, hub, vault, now } = options;
  const event = (kind: string, text: string, actor: Actor, app: AppName | null = null): readonly NewEvent[] => [
    { at: now(), kind, app, host: null, deployment: null, cause: personCause(actor, null), text },
  ];
  return {
    listSecrets: async (app, query) => {
      const slice = await store.listSecrets({ ...pagingOf(query), app });
      // Secrets may be set before the app is deployed for the first time.
      if (slice.items.length === 0 && (await store.lastSecretVersion({ app })) === 0)
        await requireKnownApp(app, 'list secrets of', options);
      return pageOf(slice, (row) => ({ ...row }));
    },
    setSecret: async (app, secret, value, actor) => {
      if (!SECRET_NAME.test(secret) || isReservedName(secret)) throw badName('secret', secret);
      return retryConflict(async () => {
        const version = (await store.lastSecretVersion({ app })) + 1;
        const ciphertext = vault.encrypt(secretPurpose(app, secret, version), Buffer.from(value, 'utf8'));
        const events = event(
          'secret.set',
          `Secret ${secret} of ${app} was set (version ${version}); the next release uses it`,
          actor,
          app,
        );
        const row = await store.putSecret({ app, name: secret, version, ciphertext, at: now(), events });
        await options.masks.refresh(app);
        return { ...row };
      });
    },
    removeSecret: async (app, secret, actor) => {
      await store.removeSecret({
        app,
        name: secret,
        events: event('secret.removed', `Secret ${secret} of ${app} was removed`, actor, app),
      });
    },
    listRegistries: async (query) => pageOf(await store.listRegistries(pagingOf(query)), (row) => ({ ...row })),
    setRegistry: async (registry, { username, password }, actor) => {
      if (!REGISTRY_NAME.test(registry)) throw badName('registry', registry);
      const ciphertext = vault.encrypt(registryPurpose(registry), Buffer.from(password, 'utf8'));
      const events = event('registry.set', `Credential of registry ${registry} was set for user ${username}`, actor);
      const row = await store.putRegistry({ registry, username, ciphertext, at: now(), events });
      hub.secretsChanged(hub.connectedHosts());
      return { ...row };
    },
    removeRegistry: async (registry, actor) => {
      await store.removeRegistry({
        registry,
        events: event('registry.removed', `Credential of registry ${registry} was removed`, actor),
      });
      hub.secretsChanged(hub.connectedHosts());
    },
  };
}

function badName(what: string, name: string): LongshoreError {
  return new LongshoreError(
    'INPUT_INVALID',
    `set the ${what} ${JSON.stringify(name.slice(0, 128))}: it is not a valid name of a ${what}`,
    {
      hint:
        what === 'secret'
          ? 'Letters, digits, `.`, `_` and `-`, at most 128.'
          : 'Write the host, with its port where it has one: `ghcr.io`, `10.0.0.5:5000`.',
    },
  );
}
