/** API tokens and enrolment tokens: their text comes back once, when they are made. */
import { z } from 'zod';
import { pageQuerySchema, pageSchema } from './page.ts';
import * as requests from './requests.ts';
import { type Route, madeReply, okReply } from './route.ts';
import * as views from './access-views.ts';

export const TOKEN_ROUTES = {
  listTokens: {
    method: 'GET',
    path: '/v1/tokens',
    access: 'admin',
    summary: 'API tokens',
    query: pageQuerySchema,
    body: null,
    reply: pageSchema('TokenPage', views.tokenViewSchema),
  },
  makeToken: {
    method: 'POST',
    path: '/v1/tokens',
    creates: true,
    access: 'admin',
    summary: 'Make an API token',
    query: null,
    body: requests.tokenRequestSchema,
    reply: madeReply('MadeToken', views.tokenViewSchema),
  },
  revokeToken: {
    method: 'DELETE',
    path: '/v1/tokens/{token}',
    access: 'admin',
    summary: 'Revoke an API token',
    query: null,
    body: null,
    reply: okReply,
  },
  listEnrollTokens: {
    method: 'GET',
    path: '/v1/enroll-tokens',
    access: 'admin',
    summary: 'Enrolment tokens',
    query: pageQuerySchema,
    body: null,
    reply: pageSchema('EnrollTokenPage', views.enrollTokenViewSchema),
  },
  makeEnrollToken: {
    method: 'POST',
    path: '/v1/enroll-tokens',
    creates: true,
    access: 'admin',
    summary: 'Make an enrolment token',
    query: null,
    body: requests.enrollTokenRequestSchema,
    reply: madeReply('MadeEnrollToken', views.enrollTokenViewSchema),
  },
  install: {
    method: 'GET',
    path: '/v1/install',
    access: 'admin',
    summary: 'Where install.sh is, and its checksum',
    query: z.strictObject({ url: z.string().max(300).optional() }),
    body: null,
    reply: views.installViewSchema,
  },
  revokeEnrollToken: {
    method: 'DELETE',
    path: '/v1/enroll-tokens/{token}',
    access: 'admin',
    summary: 'Revoke an enrolment token',
    query: null,
    body: null,
    reply: okReply,
  },
} as const satisfies Readonly<Record<string, Route>>;
