/** Apps and their releases. */
import { z } from 'zod';
import { pageQuerySchema, pageSchema } from './page.ts';
import * as requests from './requests.ts';
import { type Route, okReply } from './route.ts';
import * as views from './views.ts';

export const APP_ROUTES = {
  listApps: {
    method: 'GET',
    path: '/v1/apps',
    access: 'viewer',
    summary: 'Apps',
    query: pageQuerySchema,
    body: null,
    reply: pageSchema('AppPage', views.appViewSchema),
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
    reply: okReply,
  },
  pullApp: {
    method: 'POST',
    path: '/v1/apps/{app}/pull',
    creates: true,
    access: 'operator',
    summary: 'Ask the registry now; a newer image becomes a release',
    query: null,
    body: requests.noteRequestSchema,
    reply: z.object({ deployment: views.deploymentViewSchema.nullable(), text: z.string() }).meta({ id: 'PullResult' }),
  },
  restartApp: {
    method: 'POST',
    path: '/v1/apps/{app}/restart',
    creates: true,
    access: 'operator',
    summary: 'Replace the instances of the current release, in waves and behind their gates',
    query: null,
    body: requests.restartRequestSchema,
    reply: views.deploymentViewSchema,
  },
  scaleApp: {
    method: 'POST',
    path: '/v1/apps/{app}/scale',
    creates: true,
    access: 'operator',
    summary: 'Deploy the current release with other replicas',
    query: null,
    body: requests.scaleRequestSchema,
    reply: z
      .object({ deployment: views.deploymentViewSchema.nullable(), text: z.string() })
      .meta({ id: 'ScaleResult' }),
  },
  releaseQuarantine: {
    method: 'DELETE',
    path: '/v1/apps/{app}/quarantine',
    access: 'operator',
    summary: 'Allow quarantined digests again',
    query: null,
    body: null,
    reply: okReply,
  },
  listReleases: {
    method: 'GET',
    path: '/v1/apps/{app}/releases',
    access: 'viewer',
    summary: 'Kept releases, newest first',
    query: pageQuerySchema,
    body: null,
    reply: pageSchema('ReleasePage', views.releaseViewSchema),
  },
  rollback: {
    method: 'POST',
    path: '/v1/apps/{app}/rollback',
    creates: true,
    access: 'operator',
    summary: 'Deploy a kept release again, the fast way',
    query: null,
    body: requests.rollbackRequestSchema,
    reply: views.deploymentViewSchema,
  },
} as const satisfies Readonly<Record<string, Route>>;
