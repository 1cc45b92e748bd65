/**
 * Everything that stacks are built from, checked and made ready: the fleet file, credentials and keys, and the programs
 * of this checkout, built where they are missing or older than their source. All that is wrong is said at once, before
 * anything is built.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LongshoreError, type ProblemDetail } from '../fleet/errors.ts';
import type { AppParts } from './build-app.ts';
import type { FleetConfig } from './fleet-file/fleet-config.ts';
import { readEnvironment, type InfraEnvironment } from './environment.ts';
import { checkFleetFile } from './fleet-file/read-fleet-file.ts';
import { isOlderThanSource } from './program-age.ts';
import { CHECKSUMS_FILE, readPrograms, type Programs } from './programs.ts';
import { stagePrograms } from './staged-programs.ts';
import type { StackName } from './stack-name.ts';

export interface Checked {
  readonly fleet: FleetConfig;
  readonly environment: InfraEnvironment;
  /** Folder of archives that somebody built already (LONGSHORE_PROGRAMS); null: those of this checkout. */
  readonly builtPrograms: string | null;
}

export interface CheckInputs {
  /** Absolute. */
  readonly fleetFile: string;
  readonly stacks: readonly StackName[];
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Where the person stands; relative paths of variables begin here. */
  readonly folder: string;
  /** `file`: credentials and keys are of no interest now. */
  readonly what: 'all' | 'file';
  /** What is known to be wrong already, said together with the rest. */
  readonly problems: readonly ProblemDetail[];
}

/** Of `fleet.example.yaml`. */
const EXAMPLE_PROJECT = 'your-project-id';

/** @throws FLEET_YAML_INVALID, INFRA_UNREADY with every problem */
export function checkParts({ fleetFile, stacks, variables, folder, what, problems }: CheckInputs): Checked {
  const gcp = what === 'all' && stacks.includes('gcp');
  const shown = path.relative(folder, fleetFile);
  const file = shown.startsWith('..') ? fleetFile : shown;
  const { environment, problems: ofEnvironment } = readEnvironment(variables, folder);
  const others = [...problems, ...(gcp ? ofEnvironment : [])];
  if (!existsSync(fleetFile)) {
    const message = 'does not exist: cp fleet.example.yaml fleet.yaml, and edit it';
    throw unready([...others, { path: file, message, line: null, column: null }]);
  }
  const text = fleetText(fleetFile);
  if (text.problem !== null)
    throw unready([...others, { path: file, message: text.problem, line: null, column: null }]);
  const reading = checkFleetFile({ path: file, text: text.content }, stacks.includes('gcp') ? 'all' : 'local');
  if (reading.kind === 'wrong') throw unready([...others, ...reading.problems], others.length === 0 ? file : null);
  const { fleet } = reading;
  const late = gcp ? togetherProblems(fleet, environment, variables, file) : [];
  if (others.length + late.length > 0) throw unready([...others, ...late]);
  const built = variables['LONGSHORE_PROGRAMS'] ?? '';
  return { fleet, environment, builtPrograms: built === '' ? null : path.resolve(folder, built) };
}

function fleetText(file: string): { readonly content: string; readonly problem: string | null } {
  try {
    return { content: readFileSync(file, 'utf8'), problem: null };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'EISDIR') return { content: '', problem: 'is a folder: name the fleet file in it' };
    if (code === 'EACCES') return { content: '', problem: 'may not be read by you' };
    throw error;
  }
}

function togetherProblems(
  fleet: FleetConfig,
  environment: InfraEnvironment,
  variables: CheckInputs['variables'],
  file: string,
): readonly ProblemDetail[] {
  const found: ProblemDetail[] = [];
  const add = (where: string, message: string): void => {
    found.push({ path: where, message, line: null, column: null });
  };
  if (fleet.project === EXAMPLE_PROJECT)
    add(file, `project: "${EXAMPLE_PROJECT}" is the example's; put the id of your own project`);
  const keyed = [
    ...(fleet.coordinator.ssh === 'keys' ? ['the coordinator'] : []),
    ...fleet.pools.filter(({ ssh }) => ssh === 'keys').map(({ name }) => `pool ${name}`),
  ];
  if (keyed.length > 0 && (variables['PUBLIC_KEY_PATH'] ?? '').trim() === '' && environment.publicKey === null)
    add('PUBLIC_KEY_PATH', `is not set, but ${keyed.join(' and ')} has \`ssh: keys\`: name the public key to let in`);
  return found;
}

function unready(details: readonly ProblemDetail[], fleetFile: string | null = null): LongshoreError {
  const count = details.length === 1 ? 'a mistake' : `${details.length} mistakes`;
  if (fleetFile !== null) return new LongshoreError('FLEET_YAML_INVALID', `read ${fleetFile}: ${count}`, { details });
  return new LongshoreError('INFRA_UNREADY', `check what the plan needs: ${count}`, { details });
}

export interface BuildInputs extends Checked {
  readonly root: string;
  readonly stacks: readonly StackName[];
  /** Runs a command of this repository in its root. */
  readonly build: (command: readonly string[]) => Promise<void>;
  /** Where archives are copied to; absolute. */
  readonly stagingFolder: string;
  readonly engineSocket: string;
}

export type Parts = Pick<AppParts, 'fleet' | 'gcp' | 'local'>;

export async function prepareParts({ fleet, environment, builtPrograms, ...inputs }: BuildInputs): Promise<Parts> {
  const { root, stacks, build, stagingFolder, engineSocket } = inputs;
  const programs = async (): Promise<Programs> =>
    stagePrograms(await archives(builtPrograms, root, fleet, build), stagingFolder);
  return {
    fleet,
    gcp: stacks.includes('gcp') ? { environment, programs: await programs() } : null,
    local: stacks.includes('local') ? { programsFolder: await imageFolder(root, build), engineSocket } : null,
  };
}

async function archives(
  given: string | null,
  root: string,
  fleet: FleetConfig,
  build: BuildInputs['build'],
): Promise<Programs> {
  const needed = [...new Set(fleet.pools.map(({ architecture }) => architecture))];
  if (given !== null) return readPrograms(given, needed);
  const folder = path.join(root, 'dist', 'programs');
  // Only what the fleet runs: another processor's agent takes a while to build, and may not be had without network.
  const platforms = ['x64', ...(needed.includes('arm64') ? ['arm64'] : [])];
  const complete = platforms.every((platform) =>
    existsSync(path.join(folder, `longshore-agent-linux-${platform}.tar.gz`)),
  );
  if (!complete || isOlderThanSource(path.join(folder, CHECKSUMS_FILE), root))
    await build(['npm', 'run', '--silent', 'build:programs', '--', ...platforms]);
  const programs = readPrograms(folder, needed);
  return platforms.includes('arm64') ? programs : { ...programs, agents: { ...programs.agents, arm64: null } };
}

async function imageFolder(root: string, build: BuildInputs['build']): Promise<string> {
  const folder = path.join(root, '.cache', 'programs-image');
  if (isOlderThanSource(path.join(folder, 'Dockerfile'), root))
    await build(['npx', '--no', 'tsx', 'scripts/programs-image/main.ts']);
  return folder;
}
