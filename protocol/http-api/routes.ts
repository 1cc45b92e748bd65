/**
 * The table of the API's routes: one row each, from which the server registers, the OpenAPI document is made and the
 * clients type their calls. Errors are `{code, message, hint, details}` (`fleet/errors.ts`).
 * `{host}` takes an id or a name.
 */
import { z } from 'zod';
import { enrollReplySchema, enrollRequestSchema } from '../enroll.ts';
import { pageQuerySchema, pageSchema } from './page.ts';
import * as requests from './requests.ts';
import * as views from './views.ts';

export type Access = 'public' | requests.Role;

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly query: z.ZodType | null;
  readonly body: z.ZodType | null;
  readonly reply: z.ZodType | null;
}

const ok = z.object({ ok: z.literal(true) });
const made = <T extends z.ZodType>(view: T) => z.object({ view, /** Shown only now. */ token: z.string() });

export const ROUTES = {
  enroll: {
    method: 'POST',
    path: '/v1/enroll',
    access: 'public',
    summary: 'Enrol a host with a token',
    query: null,
    body: enrollRequestSchema,
    reply: enrollReplySchema,
  },
  version: {
    method: 'GET',
    path: '/v1/version',
    access: 'public',
    summary: 'Version of the coordinator',
    query: null,
    body: null,
    reply: z.object({ version: z.string(), protocol: z.object({ min: z.number(), max: z.number() }) }),
  },
  whoami: {
    method: 'GET',
    path: '/v1/whoami',
    access: 'viewer',
    summary: 'The token that calls',
    query: null,
    body: null,
    reply: views.tokenViewSchema,
  },

  listHosts: {
    method: 'GET',
    path: '/v1/hosts',
    access: 'viewer',
    summary: 'Hosts',
    query: requests.hostsQuerySchema,
    body: null,
    reply: pageSchema(views.hostViewSchema),
  },
  getHost: {
    method: 'GET',
    path: '/v1/hosts/{host}',
    access: 'viewer',
    summary: 'One host',
    query: null,
    body: null,
    reply: views.hostViewSchema,
  },
  explainHost: {
    method: 'GET',
    path: '/v1/hosts/{host}/explain',
    access: 'viewer',
    summary: 'Why the host is not on its target',
    query: null,
    body: null,
    reply: views.explainViewSchema,
  },
  patchHost: {
    method: 'PATCH',
    path: '/v1/hosts/{host}',
    access: 'operator',
    summary: 'Cordon, drain, label or rename a host',
    query: null,
    body: requests.hostPatchSchema,
    reply: views.hostViewSchema,
  },
  removeHost: {
    method: 'DELETE',
    path: '/v1/hosts/{host}',
    access: 'admin',
    summary: 'Remove a host; its key is refused from now on',
    query: null,
    body: null,
    reply: ok,
  },

  listApps: {
    method: 'GET',
    path: '/v1/apps',
    access: 'viewer',
    summary: 'Apps',
    query: pageQuerySchema,
    body: null,
    reply: pageSchema(views.appViewSchema),
  },
  getApp: {
    method: 'GET',
    path: '/v1/apps/{app}',
    access: 'viewer',
    summary: 'One app',
    query: null,
    body: null,
    reply: views.appViewSchema,
  },
  appHealth: {
    method: 'GET',
    path: '/v1/apps/{app}/health',
    access: 'viewer',
    summary: 'Health of an app over its hosts',
    query: null,
    body: null,
    reply: views.appHealthViewSchema,
  },
  removeApp: {
    method: 'DELETE',
    path: '/v1/apps/{app}',
    access: 'operator',
    summary: 'Remove an app from every host',
    query: requests.removeAppQuerySchema,
    body: null,
    reply: ok,
  },
  pullApp: {
    method: 'POST',
    path: '/v1/apps/{app}/pull',
    access: 'operator',
    summary: 'Ask the registry now; a newer image becomes a release',
    query: null,
    body: requests.noteRequestSchema,
    reply: z.object({ deployment: views.deploymentViewSchema.nullable(), text: z.string() }),
  },
  releaseQuarantine: {
    method: 'DELETE',
    path: '/v1/apps/{app}/quarantine',
    access: 'operator',
    summary: 'Allow quarantined digests again',
    query: null,
    body: null,
    reply: ok,
  },
  listReleases: {
    method: 'GET',
    path: '/v1/apps/{app}/releases',
    access: 'viewer',
    summary: 'Kept releases, newest first',
    query: pageQuerySchema,
    body: null,
    reply: pageSchema(views.releaseViewSchema),
  },
  rollback: {
    method: 'POST',
    path: '/v1/apps/{app}/rollback',
    access: 'operator',
    summary: 'Deploy a kept release again, the fast way',
    query: null,
    body: requests.rollbackRequestSchema,
    reply: views.deploymentViewSchema,
  },

  plan: {
    method: 'POST',
    path: '/v1/plans',
    access: 'viewer',
    summary: 'What a deployment would change, per host; changes nothing',
    query: null,
    body: requests.planRequestSchema,
    reply: views.planViewSchema,
  },
  deploy: {
    method: 'POST',
    path: '/v1/deployments',
    access: 'operator',
    summary: 'Make a release and deploy it',
    query: null,
    body: requests.deployRequestSchema,
    reply: z.object({ deployment: views.deploymentViewSchema.nullable(), plan: views.planViewSchema }),
  },
  listDeployments: {
    method: 'GET',
    path: '/v1/deployments',
    access: 'viewer',
    summary: 'Deployments, newest first',
    query: requests.deploymentsQuerySchema,
    body: null,
    reply: pageSchema(views.deploymentViewSchema),
  },
  getDeployment: {
    method: 'GET',
    path: '/v1/deployments/{deployment}',
    access: 'viewer',
    summary: 'One deployment',
    query: null,
    body: null,
    reply: views.deploymentViewSchema,
  },
  pauseDeployment: {
    method: 'POST',
    path: '/v1/deployments/{deployment}/pause',
    access: 'operator',
    summary: 'Start no further host',
    query: null,
    body: requests.noteRequestSchema,
    reply: views.deploymentViewSchema,
  },
  resumeDeployment: {
    method: 'POST',
    path: '/v1/deployments/{deployment}/resume',
    access: 'operator',
    summary: 'Go on',
    query: null,
    body: requests.noteRequestSchema,
    reply: views.deploymentViewSchema,
  },
  cancelDeployment: {
    method: 'POST',
    path: '/v1/deployments/{deployment}/cancel',
    access: 'operator',
    summary: 'Stop in place, or go back',
    query: null,
    body: requests.cancelRequestSchema,
    reply: views.deploymentViewSchema,
  },

  listSecrets: {
    method: 'GET',
    path: '/v1/apps/{app}/secrets',
    access: 'operator',
    summary: 'Names and versions; never values',
    query: pageQuerySchema,
    body: null,
    reply: pageSchema(views.secretViewSchema),
  },
  setSecret: {
    method: 'PUT',
    path: '/v1/apps/{app}/secrets/{secret}',
    access: 'operator',
    summary: 'Set a new version of a secret',
    query: null,
    body: requests.secretRequestSchema,
    reply: views.secretViewSchema,
  },
  removeSecret: {
    method: 'DELETE',
    path: '/v1/apps/{app}/secrets/{secret}',
    access: 'operator',
    summary: 'Forget a secret',
    query: null,
    body: null,
    reply: ok,
  },
  listRegistries: {
    method: 'GET',
    path: '/v1/registries',
    access: 'operator',
    summary: 'Stored registry credentials; never passwords',
    query: pageQuerySchema,
    body: null,
    reply: pageSchema(views.registryViewSchema),
  },
  setRegistry: {
    method: 'PUT',
    path: '/v1/registries/{registry}',
    access: 'admin',
    summary: 'Store a credential',
    query: null,
    body: requests.registryRequestSchema,
    reply: views.registryViewSchema,
  },
  removeRegistry: {
    method: 'DELETE',
    path: '/v1/registries/{registry}',
    access: 'admin',
    summary: 'Forget a credential',
    query: null,
    body: null,
    reply: ok,
  },

  listTokens: {
    method: 'GET',
    path: '/v1/tokens',
    access: 'admin',
    summary: 'API tokens',
    query: pageQuerySchema,
    body: null,
    reply: pageSchema(views.tokenViewSchema),
  },
  makeToken: {
    method: 'POST',
    path: '/v1/tokens',
    access: 'admin',
    summary: 'Make an API token',
    query: null,
    body: requests.tokenRequestSchema,
    reply: made(views.tokenViewSchema),
  },
  revokeToken: {
    method: 'DELETE',
    path: '/v1/tokens/{token}',
    access: 'admin',
    summary: 'Revoke an API token',
    query: null,
    body: null,
    reply: ok,
  },
  listEnrollTokens: {
    method: 'GET',
    path: '/v1/enroll-tokens',
    access: 'admin',
    summary: 'Enrolment tokens',
    query: pageQuerySchema,
    body: null,
    reply: pageSchema(views.enrollTokenViewSchema),
  },
  makeEnrollToken: {
    method: 'POST',
    path: '/v1/enroll-tokens',
    access: 'admin',
    summary: 'Make an enrolment token',
    query: null,
    body: requests.enrollTokenRequestSchema,
    reply: made(views.enrollTokenViewSchema),
  },
  revokeEnrollToken: {
    method: 'DELETE',
    path: '/v1/enroll-tokens/{token}',
    access: 'admin',
    summary: 'Revoke an enrolment token',
    query: null,
    body: null,
    reply: ok,
  },

  listEvents: {
    method: 'GET',
    path: '/v1/events',
    access: 'viewer',
    summary: 'The event log',
    query: requests.eventsQuerySchema,
    body: null,
    reply: pageSchema(views.eventViewSchema),
  },
  doctor: {
    method: 'GET',
    path: '/v1/doctor',
    access: 'viewer',
    summary: 'What the coordinator finds wrong with itself',
    query: null,
    body: null,
    reply: z.object({ checks: z.array(z.object({ name: z.string(), ok: z.boolean(), text: z.string() })) }),
  },
} as const satisfies Readonly<Record<string, Route>>;

export type RouteName = keyof typeof ROUTES;
type SchemaOut<S> = S extends z.ZodType ? z.output<S> : undefined;
type SchemaIn<S> = S extends z.ZodType ? z.input<S> : undefined;
export type ReplyOf<N extends RouteName> = SchemaOut<(typeof ROUTES)[N]['reply']>;
/** As a client writes it: defaults may be left out. */
export type BodyOf<N extends RouteName> = SchemaIn<(typeof ROUTES)[N]['body']>;
export type QueryOf<N extends RouteName> = SchemaIn<(typeof ROUTES)[N]['query']>;
