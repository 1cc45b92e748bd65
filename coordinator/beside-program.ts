/** What lies beside the program: the page, the agents for `install.sh`, the worker of the store. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { certificatesOf } from '../daemon/certificates-of.ts';
import { LongshoreError } from '../fleet/errors.ts';
import { fileFault } from '../fleet/file-fault.ts';
import type { CoordinatorConfig } from './config.ts';
import { readWebFiles } from './http/web-files.ts';
import { AgentArchives } from './install/agent-archives.ts';
import { Installer } from './install/installer.ts';

/** The page is built into `web/` beside the program; from source it is in `dist/`. */
export async function webFiles(): Promise<Awaited<ReturnType<typeof readWebFiles>>> {
  const folder = fileURLToPath(besideMain('web/', '../dist/web/'));
  return existsSync(folder) ? await readWebFiles(folder) : new Map();
}

/** What `install.sh` brings: agents beside the program, or what a build from source made. */
export async function installer(
  config: Pick<CoordinatorConfig, 'caFile' | 'agentsDir'>,
  audiences: readonly [string, ...string[]],
): Promise<Installer> {
  const { caFile } = config;
  const root = caFile === null ? null : await readRoot(caFile);
  // A build from source has put them beside the bundles.
  const beside = [besideMain('agents/', '../dist/agents/'), besideMain('programs/', '../dist/programs/')];
  const folder = config.agentsDir ?? fileURLToPath(beside.find((place) => existsSync(place)) ?? beside[0] ?? '');
  return new Installer({ audiences, root, archives: new AgentArchives(folder) });
}

/** All of a bundle: two coordinators have a root each. */
async function readRoot(caFile: string): Promise<string> {
  try {
    return certificatesOf(await readFile(caFile, 'utf8')).join('');
  } catch (error) {
    throw new LongshoreError('CONFIG_INVALID', `read ca_file ${caFile}: ${fileFault(error)}`, {
      hint: 'Name the root that signed the certificate, in PEM, in a file that the coordinator may read; or leave ca_file out.',
      cause: error,
    });
  }
}

/** @param bundled beside the bundle @param source below the folder of this file */
export function besideMain(bundled: string, source: string): URL {
  return new URL(import.meta.url.endsWith('.ts') ? `./${source}` : `./${bundled}`, import.meta.url);
}
