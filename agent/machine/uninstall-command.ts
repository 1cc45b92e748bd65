/**
 * `longshore-agent uninstall [--purge]`: takes the agent off this machine. What is removed is in
 * setup/agent-uninstall.ts; here is which host it is about, and what the machine must be like.
 */
import { spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { LongshoreError } from '../../fleet/errors.ts';
import { isHostId } from '../../fleet/ids.ts';
import { renderAgentUninstall } from '../../setup/agent-uninstall.ts';
import { SETUP_UNIT_FILE } from '../../setup/setup-unit.ts';

const DEFAULT_DATA_DIR = '/var/lib/longshore-agent';

export interface UninstallWorld {
  readonly uid: number;
  exists(file: string): boolean;
  /** Null: it is not there. */
  readText(file: string): Promise<string | null>;
  /** Of the agent's configuration. @param flags those that say which one @throws CONFIG_INVALID */
  dataDir(flags: readonly string[]): Promise<string>;
  /** Runs bash over the text. @returns its exit code */
  run(script: string): Promise<number>;
}

/** @returns the exit code @throws INPUT_INVALID, CONFIG_INVALID, STATE_FILE_INVALID: nothing was changed */
export async function uninstallAgent(args: readonly string[], world: UninstallWorld): Promise<number> {
  const purge = args.includes('--purge');
  const flags = args.filter((arg) => arg !== '--purge');
  checkMachine(world);
  const dataDir = await dataDirOf(flags, purge, world);
  const host = await hostOf(dataDir, purge, world);
  return await world.run(renderAgentUninstall({ purge, dataDir, host }));
}

function checkMachine(world: UninstallWorld): void {
  const refuse = (reason: string, hint: string): never => {
    throw new LongshoreError('INPUT_INVALID', `uninstall: ${reason}`, { hint });
  };
  if (world.uid !== 0) refuse('must run as root', 'Run it with sudo.');
  if (!world.exists('/run/systemd/system'))
    refuse('this machine does not run systemd', 'End the agent and remove its program and data directory yourself.');
  if (world.exists(SETUP_UNIT_FILE))
    refuse(
      'this machine is set up by its metadata on Google Cloud, which would bring the agent back',
      'Change fleet.yaml and apply the plan, or delete the instance.',
    );
}

async function dataDirOf(flags: readonly string[], purge: boolean, world: UninstallWorld): Promise<string> {
  try {
    return await world.dataDir(flags);
  } catch (error) {
    // A broken configuration keeps nobody from taking the program away, but what is purged must be certain.
    if (purge || flags.length > 0) throw error;
    return DEFAULT_DATA_DIR;
  }
}

/** Null: it never enrolled. */
async function hostOf(dataDir: string, purge: boolean, world: UninstallWorld): Promise<string | null> {
  const file = path.join(dataDir, 'identity.json');
  const text = await world.readText(file);
  if (text === null) return null;
  try {
    const { enrolled } = JSON.parse(text) as { readonly enrolled?: { readonly host?: unknown } | null };
    const host = enrolled?.host;
    if (host == null) return null;
    if (typeof host === 'string' && isHostId(host)) return host;
    throw new Error('it names no host');
  } catch (error) {
    if (!purge) return null;
    const reason = error instanceof Error ? error.message : String(error);
    throw new LongshoreError('STATE_FILE_INVALID', `read the identity ${file}: ${reason}`, {
      cause: error,
      hint: 'It says which containers are to be removed: uninstall without --purge, and remove them by hand.',
    });
  }
}

export function runScript(script: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + os.constants.signals[signal ?? 'SIGTERM']));
  });
}
