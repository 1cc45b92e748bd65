/**
 * What a tick of an app's schedule does. Pure. While the coordinator is there a tick is only a question to it,
 * because it asks the registry once for all hosts. Alone, and only where the app file allows it, the host looks itself,
 * after an hour: a coordinator that restarts is not away.
 */
export type TickAction = 'ask' | 'update-alone' | 'skip';

export const ALONE_AFTER_MS = 60 * 60_000;

export function tickAction(facts: {
  readonly connected: boolean;
  /** Since the coordinator was heard last, or since the start where it was not. */
  readonly awayMs: number;
  readonly offline: 'keep' | 'update';
}): TickAction {
  if (facts.connected) return 'ask';
  return facts.offline === 'update' && facts.awayMs >= ALONE_AFTER_MS ? 'update-alone' : 'skip';
}
