/** Which schedules begin, go on or end when the assignment changes. Pure: an unchanged one keeps its timer. */
import type { SchedulePolicy } from '../../fleet/rollout-policy.ts';
import type { Assignment } from '../../fleet/assignment.ts';
import type { AppName } from '../../fleet/ids.ts';

export interface WantedSchedule {
  readonly app: AppName;
  readonly policy: SchedulePolicy;
  readonly offline: 'keep' | 'update';
}

export interface ScheduleChanges {
  readonly begin: readonly WantedSchedule[];
  readonly end: readonly AppName[];
}

/** Apps that are to be removed have none. */
export function wantedSchedules(assignment: Assignment | null): readonly WantedSchedule[] {
  return (assignment?.entries ?? []).flatMap((entry) =>
    entry.kind === 'run' && entry.spec.schedule !== null
      ? [{ app: entry.app, policy: entry.spec.schedule, offline: entry.spec.offline }]
      : [],
  );
}

/** A changed one ends and begins. */
export function scheduleChanges(
  running: ReadonlyMap<AppName, WantedSchedule>,
  wanted: readonly WantedSchedule[],
): ScheduleChanges {
  const isSame = (a: WantedSchedule, b: WantedSchedule | undefined): boolean =>
    b !== undefined && JSON.stringify(a) === JSON.stringify(b);
  return {
    begin: wanted.filter((each) => !isSame(each, running.get(each.app))),
    end: [...running.values()]
      .filter(
        (each) =>
          !isSame(
            each,
            wanted.find(({ app }) => app === each.app),
          ),
      )
      .map(({ app }) => app),
  };
}
