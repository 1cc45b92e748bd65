/** Logs of an app over its hosts, masked, and commands inside an instance. The hub carries them. */
import { LongshoreError } from '../../fleet/errors.ts';
import type { AppName } from '../../fleet/ids.ts';
import { personCause } from '../commands.ts';
import type { Commands } from '../commands.ts';
import { maskingSink } from '../secrets/masking-sink.ts';
import { secretPurpose } from '../secrets/vault.ts';
import { findHost } from './host-commands.ts';
import { logsOfHosts } from './host-logs.ts';
import type { ControlOptions } from './control-options.ts';
import { requireApp } from './app-commands.ts';
import type { HostRow } from '../store/records.ts';

export function streamCommands(options: ControlOptions): Pick<Commands, 'logs' | 'exec'> {
  const { hub, store, now } = options;
  return {
    logs: async (request, sink, signal) => {
      const { app, host } = request;
      const hosts = await sources(app, host, options);
      const masked = maskingSink(sink, await secretValues(app, options));
      await logsOfHosts(options, hosts, request, masked, signal);
      if (!signal.aborted) await masked.flush();
    },
    exec: async (request, actor, sink, signal) => {
      const { app, service, command, tty, size } = request;
      const hosts = await sources(app, request.host, options);
      const row = hosts.find(({ id }) => runsService(options, id, app, service)) ?? null;
      if (row === null)
        throw new LongshoreError(
          'NOT_FOUND',
          `run a command in ${service} of ${app}: ${hosts.some(({ id }) => hasCompleted(options, id, app, service)) ? 'it runs to completion and has completed' : 'no connected host runs an instance of it'}`,
        );
      // Before it begins: what a person does inside an instance is written down even if it ends badly.
      const text = `${actor.name} runs a command in ${service} of ${app} on ${row.name}: ${command[0] ?? ''}`;
      await store.appendEvents({
        events: [
          {
            at: now(),
            kind: 'exec.started',
            app,
            host: row.id,
            deployment: null,
            cause: personCause(actor, null),
            text,
          },
        ],
      });
      return hub.exec(row.id, { app, service, instance: null }, { command, tty, size }, sink, signal);
    },
  };
}

/** Connected hosts that have the app. @throws NOT_FOUND, HOST_OFFLINE */
async function sources(app: AppName, host: string | null, options: ControlOptions): Promise<readonly HostRow[]> {
  const { store, hub } = options;
  await requireApp(app, 'read', options);
  const named = host === null ? null : await findHost(options, host);
  const targets = await store.targetsOfApp({ app });
  const has = new Set(targets.map((target) => target.host));
  if (named !== null && !has.has(named.id))
    throw new LongshoreError('NOT_FOUND', `read ${app} on ${named.name}: it does not run there`);
  const wanted = (named === null ? await store.allHosts() : [named]).filter((row) => has.has(row.id));
  if (wanted.length === 0) throw new LongshoreError('NOT_FOUND', `read ${app}: it runs on no host yet`);
  const connected = wanted.filter((row) => hub.live(row.id)?.connected === true);
  if (connected.length > 0) return connected;
  throw new LongshoreError(
    'HOST_OFFLINE',
    `read ${app}: ${wanted
      .map((row) => row.name)
      .slice(0, 10)
      .join(', ')} ${wanted.length === 1 ? 'is' : 'are'} not connected`,
  );
}

function runsService({ hub }: ControlOptions, host: HostRow['id'], app: AppName, service: string): boolean {
  const instances = hub.live(host)?.apps[app]?.instances ?? [];
  return instances.some(
    (instance) =>
      instance.service === service &&
      (instance.state === 'healthy' || instance.state === 'unhealthy' || instance.state === 'starting'),
  );
}

function hasCompleted({ hub }: ControlOptions, host: HostRow['id'], app: AppName, service: string): boolean {
  const instances = hub.live(host)?.apps[app]?.instances ?? [];
  return instances.some((instance) => instance.service === service && instance.completed === true);
}

async function secretValues(app: AppName, { store, vault }: ControlOptions): Promise<readonly string[]> {
  const kept = await store.secretsOfApp({ app });
  return kept.flatMap(({ name, version, ciphertext }) => {
    const value = vault.decrypt(secretPurpose(app, name, version), ciphertext);
    return value === null ? [] : [value.toString('utf8')];
  });
}
