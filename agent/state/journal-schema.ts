/** Form of a journal file. Unknown keys are ignored and added ones have defaults, so that the agent before can read it. */
import { z } from 'zod';
import type { Assignment, RunEntry } from '../../fleet/assignment.ts';
import { assignmentSchema } from '../../protocol/assignment-schema.ts';
import {
  appNameSchema,
  countSchema,
  deploymentIdSchema,
  instanceIdSchema,
  problemSchema,
  specHashSchema,
} from '../../protocol/scalars.ts';
import { parseLenient } from './parse-lenient.ts';
import type { AppJournal, AttemptRecord, Committed, InstanceRecord } from './app-journal.ts';

export const JOURNAL_VERSION = 1;
export const ASSIGNMENT_VERSION = 1;

const runEntrySchema = z.unknown().transform((value, context): RunEntry => {
  const whole = { host: 'h-0000000000000000', epoch: 0, generation: 0, entries: [value] };
  const parsed = parseLenient(assignmentSchema, whole);
  const entry = parsed.kind === 'value' ? parsed.value.entries[0] : undefined;
  if (entry?.kind === 'run') return entry;
  const reason = parsed.kind === 'refused' ? parsed.reason : 'is not an entry of kind run';
  context.addIssue({ code: 'custom', message: reason });
  return z.NEVER;
});

const recordSchema: z.ZodType<InstanceRecord> = z.object({
  instance: instanceIdSchema,
  slot: z.union([z.literal(0), z.literal(1)]),
  hash: specHashSchema,
  release: countSchema,
  deployment: deploymentIdSchema,
  attempt: countSchema,
});

const committedSchema: z.ZodType<Committed> = z.object({
  release: countSchema,
  entry: runEntrySchema.nullable(),
  instances: z.record(z.string(), recordSchema),
});

const attemptSchema: z.ZodType<AttemptRecord> = z.object({
  entry: runEntrySchema,
  state: z.enum(['running', 'passed', 'failed']),
  candidates: z.record(z.string(), recordSchema),
  stopped: z.array(instanceIdSchema).default([]),
  unwell: z.array(instanceIdSchema).default([]),
  problem: problemSchema.nullable(),
  failedService: z.string().nullable(),
  budgetLeftMs: z.number().nonnegative(),
  retries: countSchema.default(0),
});

const journalSchema: z.ZodType<AppJournal> = z.object({
  app: appNameSchema,
  subnet: z.string().nullable(),
  addresses: z.record(z.string(), countSchema),
  committed: committedSchema.nullable(),
  previous: runEntrySchema.nullable().default(null),
  attempt: attemptSchema.nullable(),
  completions: z.record(instanceIdSchema, z.enum(['completed', 'left-out', 'once'])).default({}),
  images: z.record(z.string(), z.string()).default({}),
  volumes: z.record(z.string(), z.string()).default({}),
  recovered: z.boolean().default(false),
});

export const journalFileSchema = z.object({ version: z.literal(JOURNAL_VERSION), journal: journalSchema });

/** The newest assignment with the coordinator's hash of it. */
export interface StoredAssignment {
  readonly assignment: Assignment;
  readonly hash: string;
}

export const assignmentFileSchema = z.object({
  version: z.literal(ASSIGNMENT_VERSION),
  hash: z.string(),
  assignment: assignmentSchema,
});
