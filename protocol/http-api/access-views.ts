/** What the API answers about tokens, secrets and credentials: never their values. Clients ignore keys they do not know. */
import { z } from 'zod';
import { appNameSchema, countSchema, stringRecord, timeSchema } from '../scalars.ts';
import { enrollTokenKindSchema, roleSchema } from './words.ts';

export const tokenViewSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    role: roleSchema,
    createdAt: timeSchema,
    expiresAt: timeSchema.nullable(),
    lastUsedAt: timeSchema.nullable(),
    revokedAt: timeSchema.nullable(),
  })
  .meta({ id: 'TokenView' });

export const enrollTokenViewSchema = z
  .object({
    id: z.string(),
    kind: enrollTokenKindSchema,
    pool: z.string().nullable(),
    labels: stringRecord,
    createdAt: timeSchema,
    expiresAt: timeSchema.nullable(),
    uses: countSchema,
    revokedAt: timeSchema.nullable(),
  })
  .meta({ id: 'EnrollTokenView' });

/** What a person needs to make a machine a host by hand. */
export const installViewSchema = z
  .object({
    url: z.string(),
    sha256: z.string(),
    /** Whether every machine trusts the coordinator's certificate; the script is known by its checksum either way. */
    trusted: z.boolean(),
  })
  .meta({ id: 'InstallView' });

export const secretViewSchema = z
  .object({
    app: appNameSchema,
    name: z.string(),
    version: countSchema,
    setAt: timeSchema,
  })
  .meta({ id: 'SecretView' });
export const registryViewSchema = z
  .object({ registry: z.string(), username: z.string(), setAt: timeSchema })
  .meta({ id: 'RegistryView' });

export type TokenView = z.infer<typeof tokenViewSchema>;
export type EnrollTokenView = z.infer<typeof enrollTokenViewSchema>;
export type InstallView = z.infer<typeof installViewSchema>;
export type SecretView = z.infer<typeof secretViewSchema>;
export type RegistryView = z.infer<typeof registryViewSchema>;
