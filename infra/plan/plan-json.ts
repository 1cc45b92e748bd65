/** What we read of `terraform show -json PLAN`: checked at this border, and everything else in it is left alone. */
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';

const ACTIONS = ['no-op', 'create', 'read', 'update', 'delete', 'forget'] as const;
const values = z.record(z.string(), z.unknown()).nullable().catch(null);

const resourceSchema = z.object({
  address: z.string(),
  type: z.string(),
  name: z.string(),
  mode: z.string().catch('managed'),
  action_reason: z.string().optional(),
  change: z.object({
    actions: z.array(z.enum(ACTIONS)),
    before: values.optional(),
    after: values.optional(),
    after_unknown: values.optional(),
    replace_paths: z.array(z.array(z.union([z.string(), z.number()]))).optional(),
  }),
});

const planSchema = z.object({
  resource_changes: z.array(resourceSchema).default([]),
  resource_drift: z.array(resourceSchema).default([]),
});

export type TerraformPlan = z.output<typeof planSchema>;
export type ResourceChange = z.output<typeof resourceSchema>;

export function parsePlan(text: string): TerraformPlan {
  const parsed = planSchema.safeParse(safeJson(text));
  if (parsed.success) return parsed.data;
  throw new LongshoreError('TERRAFORM_FAILED', 'read the plan that Terraform made: its form is not known', {
    hint: 'Terraform is newer than what this version of Longshore was run with; see docs/infrastructure.md.',
  });
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
