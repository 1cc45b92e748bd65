/** Secrets of apps and registry credentials: names and versions come back, never values. */
import { pageQuerySchema, pageSchema } from './page.ts';
import * as requests from './requests.ts';
import { type Route, okReply } from './route.ts';
import * as views from './access-views.ts';

export const SECRET_ROUTES = {
  listSecrets: {
    method: 'GET',
    path: '/v1/apps/{app}/secrets',
    access: 'operator',
    summary: 'Names and versions; never values',
    query: pageQuerySchema,
    body: null,
    reply: pageSchema('SecretPage', views.secretViewSchema),
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
    reply: okReply,
  },
  listRegistries: {
    method: 'GET',
    path: '/v1/registries',
    access: 'operator',
    summary: 'Stored registry credentials; never passwords',
    query: pageQuerySchema,
    body: null,
    reply: pageSchema('RegistryPage', views.registryViewSchema),
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
    reply: okReply,
  },
} as const satisfies Readonly<Record<string, Route>>;
