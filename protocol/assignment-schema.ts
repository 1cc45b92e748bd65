/** Schemas of assignments and reports (`fleet/assignment.ts`, `fleet/report.ts`). In frames unknown keys are ignored. */
import { z } from 'zod';
import type { Assignment, AssignmentEntry, Prefetch } from '../fleet/assignment.ts';
import type { AppReport, AttemptReport, HostProblem, InstanceReport } from '../fleet/report.ts';
import type { HostMetrics } from '../fleet/host.ts';
import { LIST_LIMITS, TEXT_LIMITS } from '../fleet/limits.ts';
import { appSpecSchema } from './app-spec-schema.ts';
import { figureSchema, listSchema, textSchema, wholeFigureSchema } from './bounded-schema.ts';
import {
  appNameSchema,
  countSchema,
  deploymentIdSchema,
  digestSchema,
  hostIdSchema,
  instanceIdSchema,
  problemSchema,
  specHashSchema,
  timeSchema,
} from './scalars.ts';

const entrySchema: z.ZodType<AssignmentEntry> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('run'),
    app: appNameSchema,
    release: countSchema,
    deployment: deploymentIdSchema,
    attempt: countSchema,
    spec: appSpecSchema,
    hashes: z.record(z.string(), specHashSchema),
    replicas: z.record(z.string(), countSchema),
    secretVersions: z.record(z.string(), countSchema),
    rollback: z.boolean(),
    always: z.array(z.string()).optional(),
    once: z.array(z.string()).optional(),
    onlyOnce: z.boolean().optional(),
    replace: z.array(z.string()).optional(),
    startFirst: z.array(z.string()).optional(),
    recreateVolumes: z.array(z.string()).optional(),
    requires: z.array(z.string()),
  }),
  z.object({ kind: z.literal('remove'), app: appNameSchema, volumes: z.boolean() }),
]);

const prefetchSchema: z.ZodType<Prefetch> = z.object({
  app: appNameSchema,
  release: countSchema,
  images: z.array(
    z.object({
      service: z.string(),
      reference: z.string(),
      digest: digestSchema,
      platform: z.string().nullable(),
    }),
  ),
  spreadMs: countSchema,
});

export const assignmentSchema: z.ZodType<Assignment> = z.object({
  host: hostIdSchema,
  epoch: countSchema,
  generation: countSchema,
  entries: z.array(entrySchema),
  prefetch: z.array(prefetchSchema).optional(),
});

export const instanceReportSchema: z.ZodType<InstanceReport> = z
  .object({
    id: instanceIdSchema,
    service: textSchema(TEXT_LIMITS.word),
    replica: countSchema,
    hash: specHashSchema,
    release: countSchema,
    state: z.enum(['creating', 'starting', 'healthy', 'unhealthy', 'draining', 'stopped', 'exited']),
    routed: z.boolean(),
    restarts: countSchema,
    startedAt: timeSchema.nullable(),
    detail: textSchema(TEXT_LIMITS.instanceDetail).nullable(),
    completed: z.boolean().optional(),
  })
  .meta({ id: 'InstanceReport' });

const attemptReportSchema: z.ZodType<AttemptReport> = z
  .object({
    deployment: deploymentIdSchema,
    release: countSchema,
    attempt: countSchema,
    state: z.enum(['accepted', 'pulling', 'starting', 'gating', 'passed', 'failed']),
    problem: problemSchema.nullable(),
    failedService: textSchema(TEXT_LIMITS.word).nullable(),
    nextRetryAt: timeSchema.nullable(),
  })
  .meta({ id: 'AttemptReport' });

export const appReportSchema: z.ZodType<AppReport> = z
  .object({
    app: appNameSchema,
    release: countSchema.nullable(),
    attempt: attemptReportSchema.nullable(),
    instances: listSchema(instanceReportSchema, LIST_LIMITS.instances),
    converged: z.boolean(),
    waiting: textSchema(TEXT_LIMITS.waiting).nullable(),
    proposal: z.record(z.string(), textSchema(TEXT_LIMITS.word)).nullable(),
    unclaimed: z.boolean(),
    removed: z.boolean(),
  })
  .meta({ id: 'AppReport' });

export const hostProblemSchema: z.ZodType<HostProblem> = z
  .object({
    part: textSchema(TEXT_LIMITS.eventKind),
    failing: z.boolean(),
    text: textSchema(TEXT_LIMITS.hostProblem),
  })
  .meta({ id: 'HostProblem' });

export const hostMetricsSchema: z.ZodType<HostMetrics> = z
  .object({
    // A container's view of the machine can show more memory available than there is; a network file system any size.
    cpu: figureSchema(0, 1),
    cores: wholeFigureSchema,
    memoryTotalBytes: wholeFigureSchema,
    memoryUsedBytes: wholeFigureSchema,
    diskTotalBytes: wholeFigureSchema,
    diskFreeBytes: wholeFigureSchema,
    uptimeMs: wholeFigureSchema,
    // Agents of before did not say.
    restartNeeded: z.boolean().default(false),
  })
  .meta({ id: 'HostMetrics' });
