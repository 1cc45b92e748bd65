/**
 * The table of the API's routes: one row each, from which the server registers, the OpenAPI document is made and the
 * clients type their calls. Errors are `{code, message, hint, details}` (`fleet/errors.ts`).
 */
import type { z } from 'zod';
import { APP_ROUTES } from './app-routes.ts';
import { DEPLOYMENT_ROUTES } from './deployment-routes.ts';
import { HOST_ROUTES } from './host-routes.ts';
import { SECRET_ROUTES } from './secret-routes.ts';
import { SESSION_ROUTES } from './session-routes.ts';
import { TOKEN_ROUTES } from './token-routes.ts';
import type { Route } from './route.ts';

/** Related routes under one name: the tags of the OpenAPI document. */
export const ROUTE_GROUPS = {
  session: { about: 'Enrolment, the caller, events and the coordinator itself', routes: SESSION_ROUTES },
  hosts: { about: 'Machines that run an agent', routes: HOST_ROUTES },
  apps: { about: 'Apps and their releases', routes: APP_ROUTES },
  deployments: { about: 'Plans and deployments', routes: DEPLOYMENT_ROUTES },
  secrets: { about: 'Secrets of apps and credentials of registries; values never come back', routes: SECRET_ROUTES },
  tokens: { about: 'API tokens and enrolment tokens', routes: TOKEN_ROUTES },
} as const;

export const ROUTES = {
  ...SESSION_ROUTES,
  ...HOST_ROUTES,
  ...APP_ROUTES,
  ...DEPLOYMENT_ROUTES,
  ...SECRET_ROUTES,
  ...TOKEN_ROUTES,
} as const satisfies Readonly<Record<string, Route>>;

export type RouteName = keyof typeof ROUTES;
type SchemaOut<S> = S extends z.ZodType ? z.output<S> : undefined;
type SchemaIn<S> = S extends z.ZodType ? z.input<S> : undefined;
export type ReplyOf<N extends RouteName> = SchemaOut<(typeof ROUTES)[N]['reply']>;
/** As a client writes it: defaults may be left out. */
export type BodyOf<N extends RouteName> = SchemaIn<(typeof ROUTES)[N]['body']>;
export type QueryOf<N extends RouteName> = SchemaIn<(typeof ROUTES)[N]['query']>;
