/** Which of our own addresses a challenge names: the one that was dialled where it is ours, else the first. Pure. */
import { audienceOf } from '../../protocol/audience.ts';

/** @param audiences of the configuration, never empty; a Host header only chooses among them */
export function challengeAudience(audiences: readonly [string, ...string[]], hostHeader: string | null): string {
  const dialled = [`wss://${hostHeader ?? ''}`, `ws://${hostHeader ?? ''}`].map((url) => audienceOf(url));
  return audiences.find((audience) => dialled.includes(audience)) ?? audiences[0];
}
