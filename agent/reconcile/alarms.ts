/** What people should read in the event log while it lasts; each is raised once, when it begins. Pure. */
import type { AppName } from '../../fleet/ids.ts';
import { type AppContext, findContainer, hasRightImage, healthOf } from './app-context.ts';
import { serviceOfKey } from '../state/app-journal.ts';
import { isDone } from './completion.ts';
import { restartLoopOf } from './restart-loop.ts';

export interface Alarm {
  /** Equal while the same thing lasts. */
  readonly id: string;
  readonly event: 'restart-loop' | 'instance-unhealthy' | 'instance-gone' | 'image-mismatch';
  readonly app: AppName;
  readonly text: string;
}

export function alarmsOf(context: AppContext): readonly Alarm[] {
  const { app, journal } = context;
  const alarms: Alarm[] = [];
  const raise = (event: Alarm['event'], key: string, text: string): void => {
    alarms.push({ id: `${event}:${app}/${key}`, event, app, text: `${app}: ${text}` });
  };
  for (const [key, record] of Object.entries(journal.committed?.instances ?? {})) {
    const container = findContainer(context, record.instance);
    const isOver = isDone(context, journal.committed?.entry ?? null, serviceOfKey(key), record.instance);
    if (container === undefined) {
      if (context.entry?.kind === 'run' && !isOver)
        raise('instance-gone', key, `${key} was removed by somebody and is made again`);
      continue;
    }
    if (!hasRightImage(container) && !isOver)
      raise('image-mismatch', key, `${key} runs another image than its label says and is made again`);
    const loop = restartLoopOf(context, container);
    if (loop !== null) raise('restart-loop', key, `${key} ${loop.message}`);
    const health = healthOf(context, record.instance);
    if (health?.isUnhealthy === true)
      raise('instance-unhealthy', key, `${key} is not healthy: ${health.lastAnswer ?? ''}`);
  }
  return alarms;
}
