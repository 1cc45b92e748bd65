/** What the API takes. Strict: a key that is not known is an error. */
import { z } from 'zod';
import { LABEL_LIMITS } from '../../fleet/host-labels.ts';
import { appSpecSchema } from '../app-spec-schema.ts';
import {
  appNameSchema,
  countSchema,
  deploymentIdSchema,
  digestSchema,
  durationSchema,
  hostNameSchema,
  labelChangesSchema,
  labelKeySchema,
  labelsSchema,
} from '../scalars.ts';
import { pageQuerySchema } from './page.ts';
import { availabilitySchema, enrollTokenKindSchema, hostStepStateSchema, roleSchema } from './words.ts';

const note = z.string().max(1_000).nullable().default(null);
const name = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/, 'may hold letters, digits, `.`, `_` and `-`');

export const planRequestSchema = z
  .strictObject({
    spec: appSpecSchema,
    /** Digests to plan with instead of asking the registry, by service: what a saved plan held. */
    images: z.record(z.string(), digestSchema).default({}),
  })
  .meta({ id: 'PlanRequest' });

export const deployRequestSchema = z
  .strictObject({
    spec: appSpecSchema,
    images: z.record(z.string(), digestSchema).default({}),
    /** Hash of a saved plan: refuse with PLAN_STALE where the plan made now differs. */
    planHash: z.string().nullable().default(null),
    /** A deployment under way: wait for it (and take the place of queued ones), or stop it. */
    rolling: z.enum(['wait', 'abort']).default('wait'),
    /** Deploy although a digest is in quarantine. */
    releaseQuarantine: z.boolean().default(false),
    /** Same content as the current release: make no release and say so, unless forced. */
    force: z.boolean().default(false),
    note,
  })
  .meta({ id: 'DeployRequest' });

export const rollbackRequestSchema = z
  .strictObject({
    /** Null = the succeeded release before the current one. */
    release: countSchema.nullable().default(null),
    note,
  })
  .meta({ id: 'RollbackRequest' });

const serviceNames = z.array(z.string().min(1).max(256)).max(1_000);

export const restartRequestSchema = z
  .strictObject({
    /** Empty = all that run on and on. */
    services: serviceNames.default([]),
    note,
  })
  .meta({ id: 'RestartRequest' });

const REPLICAS_MOST = 10_000;

export const scaleRequestSchema = z
  .strictObject({
    /** Instances over all hosts, by service. */
    replicas: z
      .record(z.string(), countSchema.max(REPLICAS_MOST))
      .refine((replicas) => Object.keys(replicas).length > 0, 'names no service'),
    note,
  })
  .meta({ id: 'ScaleRequest' });

export const cancelRequestSchema = z
  .strictObject({
    /** True: moved hosts go back; false: stop in place. */
    rollback: z.boolean().default(false),
    note,
  })
  .meta({ id: 'CancelRequest' });

export const noteRequestSchema = z.strictObject({ note }).meta({ id: 'NoteRequest' });

export const hostPatchSchema = z
  .strictObject({
    availability: availabilitySchema.optional(),
    /** Changes of the host's own labels, which win over its agent's and its pool's; null hides theirs. */
    labels: labelChangesSchema.optional(),
    /** Labels that agent and pool say again. */
    inheritLabels: z.array(labelKeySchema).max(LABEL_LIMITS.count).optional(),
    name: hostNameSchema.optional(),
    note,
  })
  .meta({ id: 'HostPatch' });

export const adoptRequestSchema = z
  .strictObject({
    /** Fingerprint of the machine's key. Without it nothing is adopted, and the refusal lists the machines that ask. */
    key: z
      .string()
      .regex(/^[0-9a-f]{16}$/, 'is not a fingerprint of 16 hexadecimal digits')
      .nullable()
      .default(null),
    note,
  })
  .meta({ id: 'AdoptRequest' });

/** Added to the time of the call, it has to stay a date. */
const LONGEST_TTL_MS = 10 * 366 * 86_400_000;
const ttlSchema = durationSchema.min(1_000).max(LONGEST_TTL_MS, 'is more than ten years');

export const enrollTokenRequestSchema = z
  .strictObject({
    kind: enrollTokenKindSchema.default('once'),
    pool: name.nullable().default(null),
    labels: labelsSchema.default({}),
    ttlMs: ttlSchema.nullable().default(3_600_000),
  })
  .meta({ id: 'EnrollTokenRequest' });

export const tokenRequestSchema = z
  .strictObject({
    name,
    role: roleSchema,
    ttlMs: ttlSchema.nullable().default(null),
  })
  .meta({ id: 'TokenRequest' });

export const secretRequestSchema = z
  .strictObject({
    value: z.string().max(524_288),
    /** An empty value is mostly a pipe that failed: it is refused where nobody says that it is meant. */
    allowEmpty: z.boolean().default(false),
  })
  .refine(({ value, allowEmpty }) => value !== '' || allowEmpty, {
    path: ['value'],
    message: 'is empty; set allowEmpty where that is meant',
  })
  .meta({ id: 'SecretRequest' });
export const registryRequestSchema = z
  .strictObject({
    username: z.string().min(1).max(256),
    password: z.string().min(1).max(65_536),
  })
  .meta({ id: 'RegistryRequest' });
export const removeAppQuerySchema = z.strictObject({
  /** Named volumes and those of images too: their data is lost. */
  volumes: z.enum(['true', 'false']).default('false'),
  /** Its secrets too. */
  secrets: z.enum(['true', 'false']).default('false'),
});

export const hostsQuerySchema = pageQuerySchema.extend({ pool: z.string().optional(), app: appNameSchema.optional() });
export const deploymentsQuerySchema = pageQuerySchema.extend({ app: appNameSchema.optional() });
export const stepsQuerySchema = pageQuerySchema.extend({
  /** Only hosts of this wave, 0-based. */
  wave: z.coerce.number().int().min(0).max(1_000_000).optional(),
  /** Only hosts in this state. */
  state: hostStepStateSchema.optional(),
});
export const eventsQuerySchema = pageQuerySchema.extend({
  app: appNameSchema.optional(),
  host: z.string().optional(),
  kind: z.string().optional(),
  deployment: deploymentIdSchema.optional(),
  /** `newest` first (default) or `oldest`. */
  order: z.enum(['newest', 'oldest']).default('newest'),
});

export type PlanRequest = z.infer<typeof planRequestSchema>;
export type DeployRequest = z.infer<typeof deployRequestSchema>;
export type RollbackRequest = z.infer<typeof rollbackRequestSchema>;
export type RestartRequest = z.infer<typeof restartRequestSchema>;
export type ScaleRequest = z.infer<typeof scaleRequestSchema>;
export type CancelRequest = z.infer<typeof cancelRequestSchema>;
export type HostPatch = z.infer<typeof hostPatchSchema>;
export type AdoptRequest = z.infer<typeof adoptRequestSchema>;
export type EnrollTokenRequest = z.infer<typeof enrollTokenRequestSchema>;
export type TokenRequest = z.infer<typeof tokenRequestSchema>;
export type RegistryRequest = z.infer<typeof registryRequestSchema>;
export type PageQuery = z.infer<typeof pageQuerySchema>;
export type HostsQuery = z.infer<typeof hostsQuerySchema>;
export type DeploymentsQuery = z.infer<typeof deploymentsQuerySchema>;
export type StepsQuery = z.infer<typeof stepsQuerySchema>;
export type EventsQuery = z.infer<typeof eventsQuerySchema>;
