/** A filter by an app that never was is a slip of the hand: it is told, where an empty list would look like an answer. */
import { LongshoreError } from '../../fleet/errors.ts';
import { isAppName } from '../../fleet/ids.ts';
import type { ControlOptions } from './control-options.ts';

/** One that was removed is known: its past can be read. @param what `list events of` @throws NOT_FOUND */
export async function requireKnownApp(
  app: string,
  what: string,
  { store }: Pick<ControlOptions, 'store'>,
): Promise<void> {
  if (isAppName(app) && (await store.app({ app })) !== null) return;
  throw new LongshoreError('NOT_FOUND', `${what} app ${app}: not found`, { hint: 'See `longshore apps`.' });
}
