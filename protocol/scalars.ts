/** Schemas of the small things that many messages hold. */
import { z } from 'zod';
import { APP_NAME, DEPLOYMENT_ID, DIGEST, HOST_ID, INSTANCE_ID, SERVICE_NAME, SPEC_HASH } from '../fleet/ids.ts';
import type { AppName, DeploymentId, Digest, HostId, InstanceId, ServiceName, SpecHash } from '../fleet/ids.ts';
import { boundedDetails } from '../fleet/bounded-problem.ts';
import { ERRORS } from '../fleet/errors.ts';
import type { ErrorCode, Problem } from '../fleet/errors.ts';
import {
  areLabelsFew,
  HOST_NAME_RULE,
  isHostName,
  isLabelKey,
  isLabelValue,
  LABEL_KEY_RULE,
  LABEL_VALUE_RULE,
  LABELS_RULE,
} from '../fleet/host-labels.ts';
import { LIST_LIMITS, TEXT_LIMITS } from '../fleet/limits.ts';
import { textSchema } from './bounded-schema.ts';

/**
 * A string of a form, as its branded type. The cast is safe: the pattern is the brand's definition.
 * @param id its name in the OpenAPI document
 */
function branded<T extends string>(id: string, pattern: RegExp, what: string, example: string): z.ZodType<T> {
  const schema = z
    .string()
    .regex(pattern, `is not ${what}`)
    .meta({ id, examples: [example] });
  return schema as unknown as z.ZodType<T>;
}

export const hostIdSchema = branded<HostId>(
  'HostId',
  HOST_ID,
  'a host id (h- and 16 hex digits)',
  'h-0123456789abcdef',
);
export const appNameSchema = branded<AppName>(
  'AppName',
  APP_NAME,
  'an app name (lower-case letters, digits, - and _, at most 40)',
  'shop',
);
export const serviceNameSchema = branded<ServiceName>('ServiceName', SERVICE_NAME, 'a service name', 'web');
export const deploymentIdSchema = branded<DeploymentId>(
  'DeploymentId',
  DEPLOYMENT_ID,
  'a deployment id (d- and 16 hex digits)',
  'd-0123456789abcdef',
);
export const instanceIdSchema = branded<InstanceId>(
  'InstanceId',
  INSTANCE_ID,
  'an instance id (i- and 12 hex digits)',
  'i-0123456789ab',
);
export const digestSchema = branded<Digest>(
  'Digest',
  DIGEST,
  'a digest (sha256: and 64 hex digits)',
  `sha256:${'0123456789abcdef'.repeat(4)}`,
);
export const specHashSchema = branded<SpecHash>(
  'SpecHash',
  SPEC_HASH,
  'a spec hash (h1: and 64 hex digits)',
  `h1:${'0123456789abcdef'.repeat(4)}`,
);

export const hostNameSchema = z.string().refine(isHostName, HOST_NAME_RULE);
export const labelKeySchema = z.string().refine(isLabelKey, LABEL_KEY_RULE);
export const labelValueSchema = z.string().refine(isLabelValue, LABEL_VALUE_RULE);
/** All labels of a host, or changes of them. */
export const labelsSchema = z.record(labelKeySchema, labelValueSchema).refine(areLabelsFew, LABELS_RULE);
export const labelChangesSchema = z
  .record(labelKeySchema, labelValueSchema.nullable())
  .refine(areLabelsFew, LABELS_RULE);

/** The last that a date can be. */
const LATEST_TIME = 8_640_000_000_000_000;
/** Wall clock, milliseconds since 1970. */
export const timeSchema = z.number().int().nonnegative().max(LATEST_TIME, 'is beyond the year 275760');
export const durationSchema = z.number().int().nonnegative();
export const countSchema = z.number().int().nonnegative();
export const portSchema = z.number().int().min(1).max(65_535);
export const stringRecord = z.record(z.string(), z.string());

const ERROR_CODES = Object.keys(ERRORS) as ErrorCode[];
const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(ERRORS, text);

/** A code from a newer side becomes INTERNAL, its message stays. */
export const errorCodeSchema: z.ZodType<ErrorCode> = z
  .string()
  .transform((text): ErrorCode => (isErrorCode(text) ? text : 'INTERNAL'))
  .pipe(z.enum(ERROR_CODES))
  .meta({ id: 'ErrorCode' });

const problemDetailSchema = z
  .object({
    path: z.string(),
    message: z.string(),
    line: z.number().int().nullable(),
    column: z.number().int().nullable(),
  })
  .meta({ id: 'ProblemDetail' });

export const problemSchema: z.ZodType<Problem> = z
  .object({
    code: errorCodeSchema,
    message: textSchema(TEXT_LIMITS.problemMessage),
    hint: textSchema(TEXT_LIMITS.problemHint),
    details: z
      .array(problemDetailSchema)
      .overwrite((details) => [...boundedDetails(details)])
      .max(LIST_LIMITS.problemDetails),
  })
  .meta({
    id: 'Problem',
    examples: [{ code: 'NOT_FOUND', message: 'there is no app shop', hint: ERRORS.NOT_FOUND.hint, details: [] }],
  });
