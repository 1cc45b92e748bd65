// What the builds of single executables are told: for which platforms, and where downloads are kept.
import { homedir } from 'node:os';
import path from 'node:path';
import type { Platform } from './agent-executable.ts';

const ALL: readonly Platform[] = ['x64', 'arm64'];

/** @throws for what is no platform */
export function platformsOf(args: readonly string[]): readonly Platform[] {
  if (args.length === 0) return ALL;
  return args.map((arg) => {
    const found = ALL.find((platform) => platform === arg);
    if (found === undefined) throw new Error(`\`${arg}\` is no platform: ${ALL.join(' or ')}`);
    return found;
  });
}

export function buildCache(environment: Readonly<Record<string, string | undefined>>): string {
  return path.join(environment.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'longshore');
}
