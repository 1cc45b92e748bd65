/** `depends_on`: known services, no circle, and conditions that can come true. */
import type { AppSpec, DependencyCondition } from '../../fleet/app-spec.ts';
import { suggestionsFrom } from '../values/suggest.ts';
import { type Finding, finding } from './finding.ts';
import { neverEnds } from './one-shot-rules.ts';

export function dependencyFindings(app: AppSpec): readonly Finding[] {
  const findings: Finding[] = [];
  const suggest = suggestionsFrom(Object.keys(app.services));
  for (const [name, service] of Object.entries(app.services))
    for (const [other, condition] of Object.entries(service.dependsOn))
      findings.push(...edgeFindings(app, { name, other, condition }, suggest));
  const circle = findCircle(app);
  if (circle !== null)
    findings.push(finding(['services', circle[0] ?? '', 'depends_on'], `depends on itself: ${circle.join(' -> ')}`));
  return findings;
}

interface Edge {
  readonly name: string;
  readonly other: string;
  readonly condition: DependencyCondition;
}

function edgeFindings(app: AppSpec, edge: Edge, suggest: (word: string) => string): readonly Finding[] {
  const path = ['services', edge.name, 'depends_on', edge.other];
  const other = Object.hasOwn(app.services, edge.other) ? app.services[edge.other] : undefined;
  if (other === undefined) return [finding(path, `there is no service "${edge.other}"${suggest(edge.other)}`)];
  if (edge.condition === 'completed' && neverEnds(other))
    return [
      finding(path, `waits until "${edge.other}" has ended, but its restart policy is ${other.restart.name}; say "no"`),
    ];
  return [];
}

/** One circle, beginning and ending with the same service, or null. Iterative: a file may hold a long chain. */
export function findCircle(app: AppSpec): readonly string[] | null {
  const done = new Set<string>();
  const next = (name: string): string[] =>
    Object.hasOwn(app.services, name) ? Object.keys(app.services[name]?.dependsOn ?? {}) : [];
  for (const start of Object.keys(app.services)) {
    const way: { name: string; rest: string[] }[] = done.has(start) ? [] : [{ name: start, rest: next(start) }];
    const onWay = new Set(way.map((step) => step.name));
    for (let top = way[way.length - 1]; top !== undefined; top = way[way.length - 1]) {
      const other = top.rest.shift();
      if (other === undefined) {
        done.add(top.name);
        onWay.delete(top.name);
        way.pop();
      } else if (onWay.has(other)) {
        const names = way.map((step) => step.name);
        return [...names.slice(names.indexOf(other)), other];
      } else if (!done.has(other)) {
        way.push({ name: other, rest: next(other) });
        onWay.add(other);
      }
    }
  }
  return null;
}
