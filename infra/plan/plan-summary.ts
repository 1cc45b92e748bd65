/**
 * A plan in a few lines: what is added, changed, replaced (and because of which key), destroyed, and how many machines
 * each group has before and after. Names and keys only, never a value but the number of machines: values may be secret.
 */
import type { ResourceChange, TerraformPlan } from './plan-json.ts';

export type ChangeKind = 'add' | 'change' | 'replace' | 'destroy' | 'forget';

export interface Change {
  readonly kind: ChangeKind;
  readonly address: string;
  /** Keys that change; for a replacement those that force it. */
  readonly keys: readonly string[];
  readonly reason: string | null;
}

export interface PlanSummary {
  readonly changes: readonly Change[];
  readonly machines: readonly string[];
  /** Changed by somebody else since the last apply, and changed back by this plan. */
  readonly drift: readonly string[];
}

const GROUP = 'google_compute_instance_group_manager';
const REASONS: Readonly<Record<string, string>> = {
  replace_because_tainted: 'its last creation did not end well',
  replace_by_request: 'asked for',
  replace_by_triggers: 'what it follows is replaced',
};

export function summarise(plan: TerraformPlan): PlanSummary {
  const managed = plan.resource_changes.filter(({ mode }) => mode === 'managed');
  const touched = new Map(
    managed.filter((resource) => kindOf(resource) !== null).map((resource) => [resource.address, resource]),
  );
  return {
    changes: managed.flatMap((resource) => {
      const kind = kindOf(resource);
      return kind === null ? [] : [changeOf(kind, resource)];
    }),
    machines: managed.flatMap(groupLine),
    drift: plan.resource_drift.flatMap((resource) => {
      const planned = touched.get(resource.address);
      if (planned === undefined) return [];
      if (resource.change.actions.includes('delete')) return [`${resource.address} is gone`];
      const back = changedBack(resource, planned);
      return back.length === 0 ? [] : [`${resource.address}: ${back.join(', ')}`];
    }),
  };
}

function kindOf({ change: { actions } }: ResourceChange): ChangeKind | null {
  if (actions.includes('forget')) return 'forget';
  if (actions.includes('create')) return actions.includes('delete') ? 'replace' : 'add';
  if (actions.includes('delete')) return 'destroy';
  return actions.includes('update') ? 'change' : null;
}

function changeOf(kind: ChangeKind, resource: ResourceChange): Change {
  const forcing = (resource.change.replace_paths ?? []).map(keyText);
  return {
    kind,
    address: resource.address,
    keys: kind === 'replace' ? [...new Set(forcing)] : kind === 'change' ? changedKeys(resource) : [],
    reason: kind === 'replace' ? (REASONS[resource.action_reason ?? ''] ?? null) : null,
  };
}

/** `disk[0].image` of ["disk", 0, "image"]. */
function keyText(path: readonly (string | number)[]): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
}

function changedKeys({ change }: ResourceChange): readonly string[] {
  const { before, after, after_unknown: unknown } = change;
  const keys = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {}), ...Object.keys(unknown ?? {})]);
  return [...keys].filter(
    (key) => holdsTrue(unknown?.[key]) || JSON.stringify(before?.[key]) !== JSON.stringify(after?.[key]),
  );
}

/**
 * Keys that are otherwise than at the last apply and that the plan sets. Providers also fill in what nobody asked for
 * (a status, an empty list for none): that no plan sets, and it is nobody's doing.
 */
function changedBack(drift: ResourceChange, planned: ResourceChange): readonly string[] {
  const { before, after } = planned.change;
  const set =
    kindOf(planned) === 'replace'
      ? (planned.change.replace_paths ?? []).map(([key]) => String(key))
      : Object.keys(after ?? {}).filter((key) => JSON.stringify(before?.[key]) !== JSON.stringify(after?.[key]));
  return changedKeys(drift).filter((key) => set.includes(key));
}

/** Terraform marks what it will know only later with true, at any depth. */
function holdsTrue(value: unknown): boolean {
  return value === true || (typeof value === 'object' && value !== null && Object.values(value).some(holdsTrue));
}

function groupLine(resource: ResourceChange): readonly string[] {
  if (resource.type !== GROUP) return [];
  const { before, after } = resource.change;
  const name = textOf(after?.['name']) ?? textOf(before?.['name']) ?? resource.name;
  const from = numberOf(before?.['target_size']) ?? 0;
  const to = after === null || after === undefined ? 0 : (numberOf(after['target_size']) ?? from);
  const template = changedKeys(resource).includes('version') ? '; machines that run stay as they are' : '';
  if (from === to) return kindOf(resource) === null ? [] : [`${name}: ${to}, as before${template}`];
  const which = to < from && to > 0 ? '; the group chooses which go' : '';
  return [`${name}: ${from} -> ${to}${which}`];
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);
