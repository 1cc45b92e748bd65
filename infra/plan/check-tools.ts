/** Whether the programs that a plan needs are there, and new enough. */
import type { ProblemDetail } from '../../fleet/errors.ts';
import type { StackName } from '../stack-name.ts';

/** What the configuration is written for; older ones know parts of it otherwise or not at all. */
export const OLDEST_TERRAFORM = '1.5.0';

export interface ToolFacts {
  /** Null: not installed. */
  readonly terraform: string | null;
  /** Null: an engine answers. Asked only for the local stack. */
  readonly engineProblem: string | null;
}

export function toolProblems({ terraform, engineProblem }: ToolFacts, stack: StackName): readonly ProblemDetail[] {
  const problems: ProblemDetail[] = [];
  const add = (path: string, message: string): void => {
    problems.push({ path, message, line: null, column: null });
  };
  if (terraform === null)
    add(
      'terraform',
      `is not installed, or does not start: https://developer.hashicorp.com/terraform/install, ${OLDEST_TERRAFORM} or newer`,
    );
  else if (isOlder(terraform, OLDEST_TERRAFORM))
    add('terraform', `is version ${terraform}; ${OLDEST_TERRAFORM} or newer is needed`);
  if (stack === 'local' && engineProblem !== null) add('docker', engineProblem);
  return problems;
}

export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number));
  for (let index = 0; index < 3; index += 1) {
    const difference = (a?.[index] ?? 0) - (b?.[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
