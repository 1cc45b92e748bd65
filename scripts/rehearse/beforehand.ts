/** What there is before a fleet: the programs of this checkout, and what a person has made at Google. */
import path from 'node:path';
import { isBuilt } from '../build/build-if-old.ts';
import type { FleetConfig } from '../../infra/fleet-file/fleet-config.ts';
import { isOlderThanSource } from '../../infra/program-age.ts';
import { CHECKSUMS_FILE } from '../../infra/programs.ts';
import type { GoogleClient } from './google-client.ts';
import { mustRun, type CommandWishes } from './run-command.ts';

/** plan.sh would do it as well, but behind the stand-in's proxy, where nothing can be downloaded. */
export async function buildWhatIsOld(fleet: FleetConfig, wishes: CommandWishes): Promise<void> {
  const root = path.resolve(import.meta.dirname, '..', '..');
  const run = (...words: string[]): Promise<string> => mustRun('build', 'npm', ['run', '--silent', ...words], wishes);
  if (!isBuilt(root)) await run('build');
  const platforms = ['x64', ...(fleet.pools.some(({ architecture }) => architecture === 'arm64') ? ['arm64'] : [])];
  if (isOlderThanSource(path.join(root, 'dist', 'programs', CHECKSUMS_FILE), root))
    await run('build:programs', '--', ...platforms);
}

/** A bucket for Terraform's state. */
export async function makeBeforehand(google: GoogleClient, fleet: FleetConfig): Promise<void> {
  if (fleet.state !== null)
    await google.call('POST', `https://storage.googleapis.com/storage/v1/b?project=${fleet.project}`, {
      name: fleet.state.bucket,
      location: 'EU',
      versioning: { enabled: true },
      iamConfiguration: { uniformBucketLevelAccess: { enabled: true }, publicAccessPrevention: 'enforced' },
    });
}
