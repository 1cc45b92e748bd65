/** Hosts. `{host}` takes an id or a name. */
import { pageSchema } from './page.ts';
import * as requests from './requests.ts';
import { type Route, okReply } from './route.ts';
import * as views from './views.ts';

export const HOST_ROUTES = {
  listHosts: {
    method: 'GET',
    path: '/v1/hosts',
    access: 'viewer',
    summary: 'Hosts',
    query: requests.hostsQuerySchema,
    body: null,
    reply: pageSchema('HostPage', views.hostViewSchema),
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
  adoptHost: {
    method: 'POST',
    path: '/v1/hosts/{host}/adopt',
    access: 'operator',
    summary: 'Let the machine that asks be this host, with its new key',
    query: null,
    body: requests.adoptRequestSchema,
    reply: views.hostViewSchema,
  },
  removeHost: {
    method: 'DELETE',
    path: '/v1/hosts/{host}',
    access: 'admin',
    summary: 'Remove a host; its key is refused from now on',
    query: null,
    body: null,
    reply: okReply,
  },
} as const satisfies Readonly<Record<string, Route>>;
