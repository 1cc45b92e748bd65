/**
 * `fleet.yaml` as text to FleetConfig. Everything that is wrong is said at once, each with path, line and column; a
 * construct sees only a file that is right.
 */
import { LongshoreError, type ProblemDetail } from '../../fleet/errors.ts';
import { locate } from '../../compose/source/locate.ts';
import { createReport, renderPath, type Path, type Report } from '../../compose/source/report.ts';
import { type Tree } from '../../compose/source/tree.ts';
import { parseYaml } from '../../compose/source/yaml-source.ts';
import type { FleetProblem } from './fleet-problem.ts';
import { fleetProblems } from './fleet-rules.ts';
import { fleetSchema } from './fleet-schema.ts';
import { formProblems } from './form-problems.ts';
import { localNeeds } from './local-needs.ts';
import { resolveFleet } from './resolve-fleet.ts';
import { withoutProblems } from './without-problems.ts';
import type { FleetConfig } from './fleet-config.ts';

export interface FleetText {
  /** As the user named it; stands in the messages. */
  readonly path: string;
  readonly text: string;
}

export type FleetReading =
  | { readonly kind: 'ok'; readonly fleet: FleetConfig }
  | { readonly kind: 'wrong'; readonly problems: readonly ProblemDetail[] };

/** @param needs `local`: only what the local stack takes must be there. */
export function checkFleetFile({ path, text }: FleetText, needs: 'all' | 'local' = 'all'): FleetReading {
  const report = createReport();
  const tree = parseYaml({ file: path, base: '.', text }, report);
  if (tree === null) return { kind: 'wrong', problems: report.errors() };
  const plain = plainValue(tree, []);
  const { value, concerns } = needs === 'all' ? { value: plain, concerns: () => true } : localNeeds(plain);
  const parsed = fleetSchema.safeParse(value);
  if (!parsed.success) {
    const found = formProblems(parsed.error.issues, value);
    addProblems([...found, ...problemsOfTheRest(value, found).filter(concerns)], tree, report);
    return { kind: 'wrong', problems: report.errors() };
  }
  addProblems(fleetProblems(parsed.data).filter(concerns), tree, report);
  if (report.errors().length > 0) return { kind: 'wrong', problems: report.errors() };
  return { kind: 'ok', fleet: deepFreeze(resolveFleet(parsed.data)) };
}

/** @throws FLEET_YAML_INVALID with every problem */
export function readFleetFile(source: FleetText): FleetConfig {
  const reading = checkFleetFile(source);
  if (reading.kind === 'ok') return reading.fleet;
  const count = reading.problems.length === 1 ? 'a mistake' : `${reading.problems.length} mistakes`;
  throw new LongshoreError('FLEET_YAML_INVALID', `read ${source.path}: ${count}`, { details: reading.problems });
}

/** None where too much is missing for the rules to mean anything. */
function problemsOfTheRest(value: unknown, found: readonly FleetProblem[]): readonly FleetProblem[] {
  let rest = withoutProblems(value, found);
  // What was taken out may be missing one level higher; the file is not deeper than this.
  for (let level = 0; level < 6; level += 1) {
    const parsed = fleetSchema.safeParse(rest);
    if (parsed.success) {
      const known = new Set(found.map(({ path }) => renderPath(path)));
      return fleetProblems(parsed.data).filter(({ path }) => !known.has(renderPath(path)));
    }
    rest = withoutProblems(rest, formProblems(parsed.error.issues, rest));
  }
  return [];
}

function addProblems(problems: readonly FleetProblem[], tree: Tree, report: Report): void {
  for (const { path, message } of problems) report.error(locate(tree, path), path, message);
}

/** Values of labels are text as it is written: `version: 1.10` is not the number 1.1. */
function plainValue(tree: Tree, path: Path): unknown {
  if (tree.kind === 'list') return tree.items.map((item, index) => plainValue(item, [...path, index]));
  if (tree.kind === 'map')
    return Object.fromEntries([...tree.entries].map(([key, { value }]) => [key, plainValue(value, [...path, key])]));
  return path[path.length - 2] === 'labels' ? tree.text : tree.value;
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value))
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner as object);
  return Object.freeze(value);
}
