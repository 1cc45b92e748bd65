/** Schemas of assignments and reports (`fleet/assignment.ts`, `fleet/report.ts`). In frames unknown keys are ignored. */
import { z } from 'zod';
import type { Assignment, AssignmentEntry, Prefetch } from '../fleet/assignment.ts';
import type { AppReport, AttemptReport, InstanceReport } from '../fleet/report.ts';
import type { HostMetrics } from '../fleet/host.ts';
import { appSpecSchema } from './app-spec-schema.ts';
import {
  appNameSchema,
  countSchema,
  deploymentIdSchema,
  digestSchema,
  hostIdSchema,
  instanceIdSchema,
  problemSchema,
  specHashSchema,
  stringRecord,
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

const instanceReportSchema: z.ZodType<InstanceReport> = z.object({
  id: instanceIdSchema,
  service: z.string(),
  replica: countSchema,
  hash: specHashSchema,
  release: countSchema,
  state: z.enum(['creating', 'starting', 'healthy', 'unhealthy', 'draining', 'stopped', 'exited']),
  routed: z.boolean(),
  restarts: countSchema,
  startedAt: timeSchema.nullable(),
  detail: z.string().max(8_192).nullable(),
});

const attemptReportSchema: z.ZodType<AttemptReport> = z.object({
  deployment: deploymentIdSchema,
  release: countSchema,
  attempt: countSchema,
  state: z.enum(['accepted', 'pulling', 'starting', 'gating', 'passed', 'failed']),
  problem: problemSchema.nullable(),
  failedService: z.string().nullable(),
  nextRetryAt: timeSchema.nullable(),
});

export const appReportSchema: z.ZodType<AppReport> = z.object({
  app: appNameSchema,
  release: countSchema.nullable(),
  attempt: attemptReportSchema.nullable(),
  instances: z.array(instanceReportSchema).max(1_000),
  converged: z.boolean(),
  waiting: z.string().max(2_048).nullable(),
  proposal: stringRecord.nullable(),
  unclaimed: z.boolean(),
  removed: z.boolean(),
});

export const hostMetricsSchema: z.ZodType<HostMetrics> = z.object({
  cpu: z.number().min(0).max(1),
  cores: countSchema,
  memoryTotalBytes: countSchema,
  memoryUsedBytes: countSchema,
  diskTotalBytes: countSchema,
  diskFreeBytes: countSchema,
  uptimeMs: countSchema,
  // Agents of before did not say.
  restartNeeded: z.boolean().default(false),
});
