/** The two places where a fleet can be: Google Cloud, or this machine's Docker Engine. */

export type StackName = 'gcp' | 'local';

export const STACK_NAMES: readonly StackName[] = ['gcp', 'local'];

export function isStackName(text: string): text is StackName {
  return text === 'gcp' || text === 'local';
}
