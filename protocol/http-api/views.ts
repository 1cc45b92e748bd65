/** What the API answers. Clients ignore keys they do not know. Times are wall clock in ms since 1970. */
import { z } from 'zod';
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
import { availabilitySchema, deploymentStateSchema, hostStepStateSchema } from './words.ts';

export const causeSchema: z.ZodType<Cause> = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('person'), token: z.string(), note: z.string().nullable() }).meta({ id: 'PersonCause' }),
    z.object({ kind: z.literal('schedule'), detail: z.string() }).meta({ id: 'ScheduleCause' }),
    z
      .object({ kind: z.literal('host'), host: z.string(), detail: z.string(), at: timeSchema.optional() })
      .meta({ id: 'HostCause' }),
    z.object({ kind: z.literal('coordinator'), detail: z.string() }).meta({ id: 'CoordinatorCause' }),
  ])
  .meta({ id: 'Cause' });

/** What an image reference stands for, for good. */
const pinnedImageSchema = z.object({ reference: z.string(), digest: digestSchema }).meta({ id: 'PinnedImage' });

export const hostViewSchema = z
  .object({
    id: hostIdSchema,
    name: z.string(),
    pool: z.string().nullable(),
    labels: stringRecord,
    /** Who says each label: the agent's configuration, the pool, or an operator (or the enrolment token). */
    labelSources: z.record(z.string(), z.enum(['agent', 'pool', 'operator'])).default({}),
    /** Labels of agent or pool that an operator took away. */
    hiddenLabels: z.array(z.string()).default([]),
    availability: availabilitySchema,
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
    ingress: z
      .object({ http: z.number().nullable(), https: z.number().nullable() })
      .meta({ id: 'IngressPorts' })
      .nullable(),
    apps: z.array(
      z
        .object({ app: appNameSchema, target: countSchema.nullable(), report: appReportSchema.nullable() })
        .meta({ id: 'HostApp' }),
    ),
  })
  .meta({ id: 'HostView' });

export const explainViewSchema = z
  .object({
    host: z.string(),
    /** One sentence: why the host is not on its target, or that it is. */
    sentence: z.string(),
    since: timeSchema.nullable(),
    /** What happens next, and when. */
    next: z.string().nullable(),
    nextAt: timeSchema.nullable(),
  })
  .meta({ id: 'ExplainView' });

export const hostStepViewSchema = z
  .object({
    host: hostIdSchema,
    name: z.string(),
    wave: countSchema,
    state: hostStepStateSchema,
    from: countSchema.nullable(),
    attempt: countSchema,
    /** What the agent does right now: `pulling web 3/7 layers`. */
    doing: z.string().nullable(),
    problem: problemSchema.nullable(),
    changedAt: timeSchema,
  })
  .meta({ id: 'HostStepView' });

const onceStepViewSchema = z
  .object({
    host: hostIdSchema,
    name: z.string(),
    services: z.array(z.string()),
    attempt: countSchema,
    state: z.enum(['running', 'passed', 'failed']),
    /** What the agent does right now. */
    doing: z.string().nullable(),
    changedAt: timeSchema,
  })
  .meta({ id: 'OnceStepView' });

export const deploymentViewSchema = z
  .object({
    id: deploymentIdSchema,
    app: appNameSchema,
    release: countSchema,
    base: countSchema.nullable(),
    kind: z.enum(['deploy', 'rollback']),
    /** Services that it restarts, with the release unchanged; null = it is no restart. Absent from an older coordinator. */
    restarts: z.array(z.string()).nullable().optional(),
    state: deploymentStateSchema,
    /** Hosts by wave and state: all of them, however many. Absent from an older coordinator, which sends every step. */
    counts: z
      .array(z.object({ wave: countSchema, state: hostStepStateSchema, hosts: countSchema }).meta({ id: 'WaveCount' }))
      .optional(),
    /**
     * The hosts of one deployment, at most 100: where it has more, what failed or moves comes first. Lists leave them out.
     * `GET /v1/deployments/{deployment}/steps` has all of them.
     */
    steps: z.array(hostStepViewSchema),
    wave: z.number().int(),
    waves: countSchema,
    /** Before the first wave: services that run once for the deployment. Absent from an older coordinator. */
    once: onceStepViewSchema.nullable().optional(),
    /** `all`: it counts as done only where every host has it. Absent from an older coordinator. */
    require: z.enum(['reachable', 'all']).optional(),
    problem: problemSchema.nullable(),
    cause: causeSchema,
    createdAt: timeSchema,
    startedAt: timeSchema.nullable(),
    deadlineAt: timeSchema.nullable(),
    endedAt: timeSchema.nullable(),
  })
  .meta({ id: 'DeploymentView' });

export const releaseViewSchema = z
  .object({
    app: appNameSchema,
    number: countSchema,
    images: z.record(z.string(), pinnedImageSchema),
    spec: appSpecSchema,
    secretVersions: z.record(z.string(), countSchema),
    cause: causeSchema,
    createdAt: timeSchema,
    /** Is the last succeeded one. */
    current: z.boolean(),
    /** How its newest deployment ended; null = never deployed. */
    outcome: deploymentStateSchema.nullable(),
  })
  .meta({ id: 'ReleaseView' });

export const appViewSchema = z
  .object({
    app: appNameSchema,
    /** Last succeeded release. */
    release: countSchema.nullable(),
    /**
     * What its hosts run, as each was last heard, most hosts first; null = nothing, or the host was not heard. `names`:
     * hosts that are not on `release`, at most 20 for each.
     */
    running: z
      .array(
        z
          .object({ release: countSchema.nullable(), hosts: countSchema, names: z.array(z.string()) })
          .meta({ id: 'RunningRelease' }),
      )
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
      z
        .object({
          kind: z.enum(['failed', 'held']).default('failed'),
          service: z.string(),
          digest: digestSchema,
          reason: z.string(),
          since: timeSchema,
        })
        .meta({ id: 'Quarantine' }),
    ),
  })
  .meta({ id: 'AppView' });

export const appHealthViewSchema = z
  .object({
    app: appNameSchema,
    healthy: z.boolean(),
    services: z.array(
      // `healthy` includes one-shots that completed.
      z
        .object({ service: z.string(), wanted: countSchema, healthy: countSchema, unhealthy: countSchema })
        .meta({ id: 'ServiceHealth' }),
    ),
    hosts: z.array(
      z
        .object({
          host: z.string(),
          connected: z.boolean(),
          converged: z.boolean(),
          release: countSchema.nullable(),
          waiting: z.string().nullable(),
        })
        .meta({ id: 'HostHealth' }),
    ),
  })
  .meta({ id: 'AppHealthView' });

const changeSchema = z
  .object({
    service: z.string(),
    replica: countSchema,
    action: z.enum(['create', 'replace', 'keep', 'remove']),
    /** Keys of the app file that cause a replacement: `image`, `environment.MODE`. */
    because: z.array(z.string()),
  })
  .meta({ id: 'Change' });

export const planViewSchema = z
  .object({
    app: appNameSchema,
    base: countSchema.nullable(),
    images: z.record(z.string(), pinnedImageSchema),
    secretVersions: z.record(z.string(), countSchema),
    hosts: z.array(
      z
        .object({ host: hostIdSchema, name: z.string(), connected: z.boolean(), changes: z.array(changeSchema) })
        .meta({ id: 'HostChanges' }),
    ),
    /** Host names by wave. */
    waves: z.array(z.array(z.string())),
    warnings: z.array(z.string()),
    changed: z.boolean(),
    /** Over base, images, secret versions, placement, the list of changes and the order of the waves. */
    hash: z.string(),
  })
  .meta({ id: 'PlanView' });

export const eventViewSchema = z
  .object({
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
  })
  .meta({ id: 'EventView' });

export type HostView = z.infer<typeof hostViewSchema>;
export type ExplainView = z.infer<typeof explainViewSchema>;
export type DeploymentView = z.infer<typeof deploymentViewSchema>;
export type HostStepView = z.infer<typeof hostStepViewSchema>;
export type ReleaseView = z.infer<typeof releaseViewSchema>;
export type AppView = z.infer<typeof appViewSchema>;
export type AppHealthView = z.infer<typeof appHealthViewSchema>;
export type PlanView = z.infer<typeof planViewSchema>;
export type EventView = z.infer<typeof eventViewSchema>;
