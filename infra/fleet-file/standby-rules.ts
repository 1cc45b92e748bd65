/** Rules of the second coordinator: it shares a database with the first, and stands in another zone of its region. */
import type { FleetFile } from './fleet-schema.ts';
import type { FleetProblem } from './fleet-problem.ts';
import { regionOf, usualZone, type ZoneTable } from './google-zones.ts';
import { zoneProblem } from './place-rules.ts';

export function standbyProblems({ coordinator, region }: FleetFile, table: ZoneTable): readonly FleetProblem[] {
  const path = (key: string): FleetProblem['path'] => ['coordinator', key];
  const { count, cloud_sql: sql, standby_zone: zone, standby_domain: domain } = coordinator;
  if (count === 1)
    return (['standby_zone', 'standby_domain'] as const)
      .filter((key) => coordinator[key] !== undefined)
      .map((key) => ({ path: path(key), message: 'needs `count: 2`: there is no second coordinator' }));
  const problems: FleetProblem[] = [];
  if (sql === undefined)
    problems.push({
      path: path('count'),
      message: 'is 2, which needs `cloud_sql`: both coordinators use one PostgreSQL, and SQLite is on one disk',
    });
  const first = coordinator.zone ?? usualZone(region, table);
  if (zone !== undefined) {
    const wrong = zoneProblem(zone, table);
    if (wrong !== null) problems.push({ path: path('standby_zone'), message: wrong });
    else if (regionOf(zone) !== regionOf(first))
      problems.push({
        path: path('standby_zone'),
        message: `lies outside ${regionOf(first)}, the region of the coordinator and of its database`,
      });
  }
  if (domain !== undefined && coordinator.domain === undefined)
    problems.push({ path: path('standby_domain'), message: 'needs `domain`: the name of the first coordinator' });
  return problems;
}
