/** What stands in the paths of the API, by the name in braces. The server refuses an app or a deployment of another form. */
import { z } from 'zod';
import { appNameSchema, deploymentIdSchema } from '../scalars.ts';

export const SECRET_NAME = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
export const REGISTRY_NAME = /^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,250}[a-zA-Z0-9])?(:\d{1,5})?$|^\[[0-9a-f:]+\](:\d{1,5})?$/;

interface PathParameter {
  readonly schema: z.ZodType;
  readonly about: string;
}

export const PATH_PARAMETERS = {
  app: { schema: appNameSchema, about: 'Name of an app' },
  deployment: { schema: deploymentIdSchema, about: 'Id of a deployment' },
  host: { schema: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/), about: 'Id or name of a host' },
  secret: { schema: z.string().regex(SECRET_NAME), about: 'Name of a secret' },
  registry: { schema: z.string().regex(REGISTRY_NAME), about: 'Host name of a registry, with its port' },
  token: { schema: z.string().regex(/^[!-~]{1,256}$/), about: 'Id of a token' },
} as const satisfies Readonly<Record<string, PathParameter>>;

export function isPathParameter(name: string): name is keyof typeof PATH_PARAMETERS {
  return Object.hasOwn(PATH_PARAMETERS, name);
}
