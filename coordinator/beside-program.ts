/** What lies beside the program: the page, the agents for `install.sh`, the worker of the store. */
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { LongshoreError } from '../fleet/errors.ts';
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

async function readRoot(caFile: string): Promise<string> {
  try {
    return certificatesOf(await readFile(caFile, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LongshoreError('CONFIG_INVALID', `read ca_file ${caFile}: ${reason}`, { cause: error });
  }
}

/** All of a bundle: two coordinators have a root each. @throws where one cannot be read */
function certificatesOf(text: string): string {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  // Without a block, OpenSSL says what is wrong with the text.
  return (blocks ?? [text]).map((block) => new X509Certificate(block).toString()).join('');
}

/** @param bundled beside the bundle @param source below the folder of this file */
export function besideMain(bundled: string, source: string): URL {
  return new URL(import.meta.url.endsWith('.ts') ? `./${source}` : `./${bundled}`, import.meta.url);
}
