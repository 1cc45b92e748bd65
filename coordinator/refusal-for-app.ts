/** What a refused assignment holds up, and how that is told: a whole one holds up all apps, a part that was left out only its own. Pure. */
import type { AppName } from '../fleet/ids.ts';
import type { AssignmentRefusal } from './ports.ts';

export function refusalForApp(refusal: AssignmentRefusal | null, app: AppName): AssignmentRefusal | null {
  return refusal?.isPartial === true && refusal.asked[app] === undefined ? null : refusal;
}

export function refusalText({ problem, isPartial }: AssignmentRefusal): string {
  const what =
    isPartial === true ? 'a part of its assignment cannot be sent' : 'its agent refused the newest assignment';
  return `${what}: ${problem.message}`;
}
