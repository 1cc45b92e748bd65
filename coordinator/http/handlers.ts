/**
 * What each route does: parse is done, so call one use case and render. A route of the table without a handler does
 * not compile.
 */
import { isAppName, isDeploymentId } from '../../fleet/ids.ts';
import type { AppName, DeploymentId } from '../../fleet/ids.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import { type ROUTES } from '../../protocol/http-api/routes.ts';
import type { ReplyOf, RouteName } from '../../protocol/http-api/routes.ts';
import { PROTOCOL } from '../../protocol/version.ts';
import type { z } from 'zod';
import type { Actor, Commands } from '../commands.ts';
import { requirePlanRole } from './plan-access.ts';

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

export interface Call<N extends RouteName> {
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: Parsed<(typeof ROUTES)[N]['query']>;
  readonly body: Parsed<(typeof ROUTES)[N]['body']>;
  /** Follows from the `Idempotency-Key`; null without one. */
  readonly requestId: string | null;
  /** Nobody on public routes. */
  readonly actor: (typeof ROUTES)[N]['access'] extends 'public' ? null : Actor;
}

export type Handlers = { readonly [N in RouteName]: (call: Call<N>) => Promise<ReplyOf<N>> };

export function createHandlers(commands: Commands, version: string): Handlers {
  return {
    enrollChallenge: ({ body }) => commands.enrollChallenge(body),
    enroll: ({ body }) => commands.enroll(body),
    version: () => Promise.resolve({ version, protocol: { ...PROTOCOL } }),
    whoami: ({ actor }) => commands.whoami(actor),

    listHosts: ({ query }) => commands.listHosts(query),
    getHost: ({ parameters }) => commands.getHost(text(parameters, 'host')),
    explainHost: ({ parameters }) => commands.explainHost(text(parameters, 'host')),
    patchHost: ({ parameters, body, actor }) => commands.patchHost(text(parameters, 'host'), body, actor),
    adoptHost: ({ parameters, body, actor }) => commands.adoptHost(text(parameters, 'host'), body, actor),
    removeHost: async ({ parameters, actor }) => done(commands.removeHost(text(parameters, 'host'), actor)),

    listApps: ({ query }) => commands.listApps(query),
    getApp: ({ parameters }) => commands.getApp(app(parameters)),
    appHealth: ({ parameters }) => commands.appHealth(app(parameters)),
    removeApp: ({ parameters, query, actor }) =>
      done(
        commands.removeApp(
          app(parameters),
          { volumes: query.volumes === 'true', secrets: query.secrets === 'true' },
          actor,
        ),
      ),
    pullApp: ({ parameters, body, actor }) => commands.pullApp(app(parameters), body.note, actor),
    restartApp: ({ parameters, body, actor, requestId }) =>
      commands.restartApp(app(parameters), body, actor, made(requestId)),
    scaleApp: ({ parameters, body, actor, requestId }) =>
      commands.scaleApp(app(parameters), body, actor, made(requestId)),
    releaseQuarantine: ({ parameters, actor }) => done(commands.releaseQuarantine(app(parameters), actor)),
    listReleases: ({ parameters, query }) => commands.listReleases(app(parameters), query),
    rollback: ({ parameters, body, actor, requestId }) =>
      commands.rollback(app(parameters), body, actor, made(requestId)),

    plan: async ({ body, actor }) => {
      requirePlanRole(actor, body);
      return commands.plan(body);
    },
    deploy: ({ body, actor, requestId }) => commands.deploy(body, actor, made(requestId)),
    listDeployments: ({ query }) => commands.listDeployments(query),
    getDeployment: ({ parameters }) => commands.getDeployment(deployment(parameters)),
    listSteps: ({ parameters, query }) => commands.listSteps(deployment(parameters), query),
    pauseDeployment: ({ parameters, body, actor }) =>
      commands.pauseDeployment(deployment(parameters), body.note, actor),
    resumeDeployment: ({ parameters, body, actor }) =>
      commands.resumeDeployment(deployment(parameters), body.note, actor),
    cancelDeployment: ({ parameters, body, actor }) => commands.cancelDeployment(deployment(parameters), body, actor),

    listSecrets: ({ parameters, query }) => commands.listSecrets(app(parameters), query),
    setSecret: ({ parameters, body, actor }) =>
      commands.setSecret(app(parameters), text(parameters, 'secret'), body.value, actor),
    removeSecret: ({ parameters, actor }) =>
      done(commands.removeSecret(app(parameters), text(parameters, 'secret'), actor)),
    listRegistries: ({ query }) => commands.listRegistries(query),
    setRegistry: ({ parameters, body, actor }) => commands.setRegistry(text(parameters, 'registry'), body, actor),
    removeRegistry: ({ parameters, actor }) => done(commands.removeRegistry(text(parameters, 'registry'), actor)),

    listTokens: ({ query }) => commands.listTokens(query),
    makeToken: ({ body, actor }) => commands.makeToken(body, actor),
    revokeToken: ({ parameters, actor }) => done(commands.revokeToken(text(parameters, 'token'), actor)),
    listEnrollTokens: ({ query }) => commands.listEnrollTokens(query),
    install: ({ query }) => commands.install(query.url ?? null),
    makeEnrollToken: ({ body, actor }) => commands.makeEnrollToken(body, actor),
    revokeEnrollToken: ({ parameters, actor }) => done(commands.revokeEnrollToken(text(parameters, 'token'), actor)),

    listEvents: ({ query }) => commands.listEvents(query),
    doctor: () => commands.doctor(),
    confirmRestore: ({ body, actor }) => commands.confirmRestore(body.note, actor),
  };
}

const made = (requestId: string | null): DeploymentId | null =>
  requestId === null ? null : (`d-${requestId}` as DeploymentId);

async function done(work: Promise<void>): Promise<{ ok: true }> {
  await work;
  return { ok: true };
}

function text(parameters: Readonly<Record<string, string>>, name: string): string {
  const value = parameters[name];
  if (value === undefined || value === '' || value.length > 256)
    throw new LongshoreError('INPUT_INVALID', `the path has no valid {${name}}`);
  return value;
}

function app(parameters: Readonly<Record<string, string>>): AppName {
  const name = text(parameters, 'app');
  if (!isAppName(name))
    throw new LongshoreError('INPUT_INVALID', `\`${name}\` is not an app name`, {
      hint: 'Lower-case letters, digits, - and _, at most 40.',
    });
  return name;
}

function deployment(parameters: Readonly<Record<string, string>>): DeploymentId {
  const id = text(parameters, 'deployment');
  if (!isDeploymentId(id))
    throw new LongshoreError('INPUT_INVALID', `\`${id}\` is not a deployment id`, {
      hint: 'See `longshore deployments`.',
    });
  return id;
}
