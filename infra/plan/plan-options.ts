/** What `plan.sh` was asked for. */
import { LongshoreError, type ProblemDetail } from '../../fleet/errors.ts';
import { isStackName, STACK_NAMES, type StackName } from '../stack-name.ts';

export type PlanTask =
  | { readonly kind: 'plan' }
  /** A plan that removes everything. */
  | { readonly kind: 'destroy' }
  /** Applies the saved plan, if the configuration is still the one it was made from. */
  | { readonly kind: 'apply' }
  /** Null: all outputs. */
  | { readonly kind: 'output'; readonly name: string | null }
  | { readonly kind: 'help' };

export interface PlanOptions {
  readonly task: PlanTask;
  readonly stack: StackName;
  /** Null: fleet.yaml beside plan.sh. */
  readonly file: string | null;
  /** Folder of plan, state and Terraform's data; null: that of plan.sh. */
  readonly directory: string | null;
  /** What holds data and may be destroyed all the same, by name. */
  readonly destroyData: readonly string[];
}

export const PLAN_USAGE = `bash plan.sh [--stack gcp|local] [--file FLEET.YAML] [--dir FOLDER] [--destroy | --apply | --output [NAME]]
             [--destroy-data NAME]...

  (nothing)        write .plan and say what it would do; nothing is changed
  --destroy        the same for removing everything
  --destroy-data NAME  let the plan destroy what holds data and has this name; once for each. With
                   --destroy, the name of the fleet stands for all of it
  --apply          apply .plan, if fleet.yaml and the programs are still what it was made from
  --output [NAME]  what the last apply has to tell: addresses, and how to get the first token
  --stack local    the fleet on this machine's Docker Engine (.plan-local, .terraform-local)
  --file FILE      another file than fleet.yaml
  --dir FOLDER     keep plan, state and Terraform's data in FOLDER instead of here`;

/** @throws INPUT_INVALID with everything that is not understood */
export function parsePlanOptions(args: readonly string[]): PlanOptions {
  const { tasks, values, destroyData, problems, wrong } = readWords(args);
  const [task = { kind: 'plan' } as const, second] = tasks;
  if (second !== undefined && !tasks.some(({ kind }) => kind === 'help'))
    wrong(`--${second.kind}`, `cannot go with --${task.kind}`);
  if (destroyData.length > 0 && task.kind !== 'plan' && task.kind !== 'destroy')
    wrong('--destroy-data', `cannot go with --${task.kind}`);
  const stack = values.get('--stack') ?? 'gcp';
  if (!isStackName(stack)) wrong('--stack', `"${stack}" is not one of ${STACK_NAMES.join(', ')}`);
  if (problems.length > 0 || !isStackName(stack))
    throw new LongshoreError('INPUT_INVALID', 'plan.sh', { details: problems, hint: `Usage: ${PLAN_USAGE}` });
  return {
    task: tasks.find(({ kind }) => kind === 'help') ?? task,
    stack,
    file: values.get('--file') ?? null,
    directory: values.get('--dir') ?? null,
    destroyData,
  };
}

/**
 * Whose plan is out of date after a call that was not understood: it may have been meant to make a new one, and an old
 * one must not look like that.
 */
export function plansInDoubt(args: readonly string[]): {
  readonly stacks: readonly StackName[];
  readonly directory: string | null;
} {
  const { tasks, values } = readWords(args);
  const stack = values.get('--stack') ?? 'gcp';
  const keeps = tasks.some(({ kind }) => kind === 'apply' || kind === 'output' || kind === 'help');
  return {
    stacks: keeps ? [] : isStackName(stack) ? [stack] : STACK_NAMES,
    directory: values.get('--dir') ?? null,
  };
}

interface Words {
  readonly tasks: readonly PlanTask[];
  readonly values: ReadonlyMap<string, string>;
  readonly destroyData: readonly string[];
  readonly problems: readonly ProblemDetail[];
  readonly wrong: (path: string, message: string) => void;
}

function readWords(args: readonly string[]): Words {
  const problems: ProblemDetail[] = [];
  const wrong = (path: string, message: string): void => {
    problems.push({ path, message, line: null, column: null });
  };
  const tasks: PlanTask[] = [];
  const values = new Map<string, string>();
  const destroyData: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    const equals = arg.startsWith('--') ? arg.indexOf('=') : -1;
    const name = equals === -1 ? arg : arg.slice(0, equals);
    const next = args[index + 1];
    const value = equals === -1 ? (next?.startsWith('-') === false ? next : null) : arg.slice(equals + 1);
    const takesNext = equals === -1 && value !== null;
    if (name === '--stack' || name === '--file' || name === '--dir' || name === '--destroy-data') {
      if (value === null || value === '') wrong(name, 'needs a value');
      else if (name === '--destroy-data') destroyData.push(value);
      else values.set(name, value);
      if (takesNext) index += 1;
    } else if (name === '--output') {
      tasks.push({ kind: 'output', name: value });
      if (takesNext) index += 1;
    } else if (equals === -1 && (name === '--destroy' || name === '--apply')) {
      tasks.push({ kind: name === '--destroy' ? 'destroy' : 'apply' });
    } else if (name === '--help' || name === '-h') tasks.push({ kind: 'help' });
    else wrong(arg, 'is not an option');
  }
  return { tasks, values, destroyData, problems, wrong };
}
