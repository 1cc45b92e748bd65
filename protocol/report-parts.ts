/**
 * Reads a report part by part: one app, one instance or one figure that is not of its form is left out and named, and
 * the rest counts. Both sides use it: the agent before it sends, so that nothing it holds can make a frame invalid, and
 * the coordinator for agents of other versions.
 */
import { z } from 'zod';
import { LIST_LIMITS, TEXT_LIMITS } from '../fleet/limits.ts';
import type { AppReport } from '../fleet/report.ts';
import { agentMessageSchema, heldSecretsSchema, type AgentMessageOf } from './agent-messages.ts';
import { appReportSchema, hostMetricsSchema, instanceReportSchema } from './assignment-schema.ts';
import { textSchema } from './bounded-schema.ts';
import { countSchema } from './scalars.ts';

export interface ReadReport {
  readonly report: AgentMessageOf<'report'>;
  /** What was left out, and why, for people. */
  readonly flaws: readonly string[];
}

/** Without these the report cannot be put into its place. */
const headSchema = z.object({ kind: z.literal('report'), seq: countSchema, full: z.boolean() });
const looseReport = z.looseObject({ instances: z.array(z.unknown()) });

/** @returns null where it is no report at all */
export function readReport(value: unknown): ReadReport | null {
  const whole = agentMessageSchema.safeParse(value);
  if (whole.success) return whole.data.kind === 'report' ? { report: whole.data, flaws: [] } : null;
  const head = headSchema.safeParse(value);
  if (!head.success || !isObject(value)) return null;
  const flaws: string[] = [];
  const apps: Record<string, AppReport | null> = {};
  const unreadable = stringsOf(value.unreadable);
  for (const [name, part] of Object.entries(isObject(value.apps) ? value.apps : {})) {
    const app = part === null ? null : readApp(name, part, flaws);
    if (app === 'unreadable') unreadable.push(name);
    else apps[name] = app;
  }
  const part = <T>(name: string, schema: z.ZodType<T>): T | null => {
    const parsed = schema.nullable().safeParse(value[name] ?? null);
    if (!parsed.success) flaws.push(flawOf(name, parsed.error));
    return parsed.success ? parsed.data : null;
  };
  const rest = { metrics: part('metrics', hostMetricsSchema), status: part('status', statusSchema) };
  const secrets = part('secrets', heldSecretsSchema);
  const report = {
    ...head.data,
    apps,
    ...rest,
    ...(secrets === null ? {} : { secrets }),
    ...(unreadable.length === 0 ? {} : { unreadable }),
  };
  return { report, flaws };
}

const statusSchema = textSchema(TEXT_LIMITS.status);

/** With those of its instances that are of their form, where that is what it fails by. */
function readApp(name: string, part: unknown, flaws: string[]): AppReport | 'unreadable' {
  const whole = appReportSchema.safeParse(part);
  if (whole.success) return whole.data;
  flaws.push(flawOf(`apps.${name}`, whole.error));
  const loose = looseReport.safeParse(part);
  if (!loose.success) return 'unreadable';
  const instances = loose.data.instances.slice(0, LIST_LIMITS.instances).flatMap((each) => {
    const instance = instanceReportSchema.safeParse(each);
    return instance.success ? [instance.data] : [];
  });
  const repaired = appReportSchema.safeParse({ ...loose.data, instances });
  return repaired.success ? repaired.data : 'unreadable';
}

export function flawOf(where: string, error: z.ZodError): string {
  const issue = error.issues[0];
  const path = [where, ...(issue?.path.map(String) ?? [])].filter((each) => each !== '').join('.');
  return `${path}: ${issue?.message ?? 'is invalid'}`;
}

function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
