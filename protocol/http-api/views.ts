/** What the API answers. Clients ignore keys they do not know. Times are wall clock in ms since 1970. */
import { z } from 'zod';
import { DEPLOYMENT_STATES, HOST_STEP_STATES } from '../../fleet/deployment.ts';
import type { Cause } from '../../fleet/release.ts';
import { appSpecSchema } from '../app-spec-schema.ts';
import { appReportSchema, hostMetricsSchema, hostProblemSchema } from '../assignment-schema.ts';
import {
  appNameSchema,
  countSchema,
  deploymentIdSchema,
  digestSchema,
  hostIdSchema,
  problemSchema,
  stringRecord,
  timeSchema,
} from '../scalars.ts';

export const causeSchema: z.ZodType<Cause> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('person'), token: z.string(), note: z.string().nullable() }),
  z.object({ kind: z.literal('schedule'), detail: z.string() }),
  z.object({ kind: z.literal('host'), host: z.string(), detail: z.string(), at: timeSchema.optional() }),
  z.object({ kind: z.literal('coordinator'), detail: z.string() }),
]);

export const hostViewSchema = z.object({
  id: hostIdSchema,
  name: z.string(),
  pool: z.string().nullable(),
  labels: stringRecord,
  /** Who says each label: the agent's configuration, the pool, or an operator (or the enrolment token). */
  labelSources: z.record(z.string(), z.enum(['agent', 'pool', 'operator'])).default({}),
  /** Labels of agent or pool that an operator took away. */
  hiddenLabels: z.array(z.string()).default([]),
  availability: z.enum(['active', 'paused', 'draining']),
  /** It drains because its machine powers off, and takes work again by itself after the next boot. */
  poweringOff: z.boolean().default(false),
  /** Its agent talks. */
  connected: z.boolean(),
  /** It runs what it should. */
  converged: z.boolean(),
  /** One sentence where it is not; null otherwise. */
  waiting: z.string().nullable(),
  /** What is wrong with the host itself, besides its apps. */
  problems: z.array(hostProblemSchema).default([]),
  platform: z.string().nullable(),
  agentVersion: z.string().nullable(),
  engineVersion: z.string().nullable(),
  enrolledAt: timeSchema,
  lastSeenAt: timeSchema.nullable(),
  metrics: hostMetricsSchema.nullable(),
  ingress: z.object({ http: z.number().nullable(), https: z.number().nullable() }).nullable(),
  apps: z.array(z.object({ app: appNameSchema, target: countSchema.nullable(), report: appReportSchema.nullable() })),
});

export const explainViewSchema = z.object({
  host: z.string(),
  /** One sentence: why the host is not on its target, or that it is. */
  sentence: z.string(),
  since: timeSchema.nullable(),
  /** What happens next, and when. */
  next: z.string().nullable(),
  nextAt: timeSchema.nullable(),
});

export const hostStepViewSchema = z.object({
  host: hostIdSchema,
  name: z.string(),
  wave: countSchema,
  state: z.enum(HOST_STEP_STATES),
  from: countSchema.nullable(),
  attempt: countSchema,
  /** What the agent does right now: `pulling web 3/7 layers`. */
  doing: z.string().nullable(),
  problem: problemSchema.nullable(),
  changedAt: timeSchema,
});

const onceStepViewSchema = z.object({
  host: hostIdSchema,
  name: z.string(),
  services: z.array(z.string()),
  attempt: countSchema,
  state: z.enum(['running', 'passed', 'failed']),
  /** What the agent does right now. */
  doing: z.string().nullable(),
  changedAt: timeSchema,
});

export const deploymentViewSchema = z.object({
  id: deploymentIdSchema,
  app: appNameSchema,
  release: countSchema,
  base: countSchema.nullable(),
  kind: z.enum(['deploy', 'rollback']),
  state: z.enum(DEPLOYMENT_STATES),
  /** Hosts by wave and state: all of them, however many. Absent from an older coordinator, which sends every step. */
  counts: z.array(z.object({ wave: countSchema, state: z.enum(HOST_STEP_STATES), hosts: countSchema })).optional(),
  /**
   * The hosts of one deployment, at most 100: where it has more, what failed or moves comes first. Lists leave them out.
   * `GET /v1/deployments/{deployment}/steps` has all of them.
   */
  steps: z.array(hostStepViewSchema),
  wave: z.number().int(),
  waves: countSchema,
  /** Before the first wave: services that run once for the deployment. Absent from an older coordinator. */
  once: onceStepViewSchema.nullable().optional(),
  problem: problemSchema.nullable(),
  cause: causeSchema,
  createdAt: timeSchema,
  startedAt: timeSchema.nullable(),
  deadlineAt: timeSchema.nullable(),
  endedAt: timeSchema.nullable(),
});

export const releaseViewSchema = z.object({
  app: appNameSchema,
  number: countSchema,
  images: z.record(z.string(), z.object({ reference: z.string(), digest: digestSchema })),
  spec: appSpecSchema,
  secretVersions: z.record(z.string(), countSchema),
  cause: causeSchema,
  createdAt: timeSchema,
  /** Is the last succeeded one. */
  current: z.boolean(),
  /** How its newest deployment ended; null = never deployed. */
  outcome: z.enum(DEPLOYMENT_STATES).nullable(),
});

export const appViewSchema = z.object({
  app: appNameSchema,
  /** Last succeeded release. */
  release: countSchema.nullable(),
  /**
   * What its hosts run, as each was last heard, most hosts first; null = nothing, or the host was not heard. `names`:
   * hosts that are not on `release`, at most 20 for each.
   */
  running: z
    .array(z.object({ release: countSchema.nullable(), hosts: countSchema, names: z.array(z.string()) }))
    .default([]),
  hosts: countSchema,
  /** Hosts that run what they should, which is another release where a deployment was stopped in place. */
  converged: countSchema,
  healthy: z.boolean(),
  /** The deployment that has not ended, or the newest. */
  deployment: deploymentViewSchema.nullable(),
  /** Where it is reached: one entry per ingress route and host. */
  urls: z.array(z.string()),
  schedule: z.string().nullable(),
  /** `failed` its gate, or `held` by a rollback: no schedule brings it. */
  quarantined: z.array(
    z.object({
      kind: z.enum(['failed', 'held']).default('failed'),
      service: z.string(),
      digest: digestSchema,
      reason: z.string(),
      since: timeSchema,
    }),
  ),
});

export const appHealthViewSchema = z.object({
  app: appNameSchema,
  healthy: z.boolean(),
  services: z.array(
    // `healthy` includes one-shots that completed.
    z.object({ service: z.string(), wanted: countSchema, healthy: countSchema, unhealthy: countSchema }),
  ),
  hosts: z.array(
    z.object({
      host: z.string(),
      connected: z.boolean(),
      converged: z.boolean(),
      release: countSchema.nullable(),
      waiting: z.string().nullable(),
    }),
  ),
});

const changeSchema = z.object({
  service: z.string(),
  replica: countSchema,
  action: z.enum(['create', 'replace', 'keep', 'remove']),
  /** Keys of the app file that cause a replacement: `image`, `environment.MODE`. */
  because: z.array(z.string()),
});

export const planViewSchema = z.object({
  app: appNameSchema,
  base: countSchema.nullable(),
  images: z.record(z.string(), z.object({ reference: z.string(), digest: digestSchema })),
  secretVersions: z.record(z.string(), countSchema),
  hosts: z.array(
    z.object({ host: hostIdSchema, name: z.string(), connected: z.boolean(), changes: z.array(changeSchema) }),
  ),
  /** Host names by wave. */
  waves: z.array(z.array(z.string())),
  warnings: z.array(z.string()),
  changed: z.boolean(),
  /** Over base, images, secret versions, placement, the list of changes and the order of the waves. */
  hash: z.string(),
});

export const eventViewSchema = z.object({
  /** Rises by one; never reused. */
  number: countSchema,
  /** When the coordinator knew of it. */
  at: timeSchema,
  /** When it happened, as its host says; null where that is not known. */
  occurredAt: timeSchema.nullable().default(null),
  /** `deployment.succeeded`, `host.connected`, `secret.set` ... */
  kind: z.string(),
  app: appNameSchema.nullable(),
  host: z.string().nullable(),
  deployment: deploymentIdSchema.nullable(),
  cause: causeSchema,
  text: z.string(),
});

export const tokenViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(['viewer', 'operator', 'admin']),
  createdAt: timeSchema,
  expiresAt: timeSchema.nullable(),
  lastUsedAt: timeSchema.nullable(),
  revokedAt: timeSchema.nullable(),
});

export const enrollTokenViewSchema = z.object({
  id: z.string(),
  kind: z.enum(['once', 'pool']),
  pool: z.string().nullable(),
  labels: stringRecord,
  createdAt: timeSchema,
  expiresAt: timeSchema.nullable(),
  uses: countSchema,
  revokedAt: timeSchema.nullable(),
});

/** What a person needs to make a machine a host by hand. */
export const installViewSchema = z.object({
  url: z.string(),
  sha256: z.string(),
  /** Whether every machine trusts the coordinator's certificate; the script is known by its checksum either way. */
  trusted: z.boolean(),
});

export const secretViewSchema = z.object({
  app: appNameSchema,
  name: z.string(),
  version: countSchema,
  setAt: timeSchema,
});
export const registryViewSchema = z.object({ registry: z.string(), username: z.string(), setAt: timeSchema });

export type HostView = z.infer<typeof hostViewSchema>;
export type ExplainView = z.infer<typeof explainViewSchema>;
export type DeploymentView = z.infer<typeof deploymentViewSchema>;
export type HostStepView = z.infer<typeof hostStepViewSchema>;
export type ReleaseView = z.infer<typeof releaseViewSchema>;
export type AppView = z.infer<typeof appViewSchema>;
export type AppHealthView = z.infer<typeof appHealthViewSchema>;
export type PlanView = z.infer<typeof planViewSchema>;
export type EventView = z.infer<typeof eventViewSchema>;
export type TokenView = z.infer<typeof tokenViewSchema>;
export type EnrollTokenView = z.infer<typeof enrollTokenViewSchema>;
export type InstallView = z.infer<typeof installViewSchema>;
export type SecretView = z.infer<typeof secretViewSchema>;
export type RegistryView = z.infer<typeof registryViewSchema>;
