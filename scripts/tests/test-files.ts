// Which test files a suite has, and how they are dealt out to processes.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

export function testFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => path.posix.join(folder, name))
    .sort();
}

/** @param longest by name, put before all others in this order */
export function longestFirst(files: readonly string[], longest: readonly string[]): string[] {
  const first = longest.flatMap((name) => files.filter((file) => path.posix.basename(file) === name));
  return [...first, ...files.filter((file) => !first.includes(file))];
}

/** Deals files round robin, so that neighbours (often equally slow) land in different groups. */
export function dealOut(files: readonly string[], groups: number): string[][] {
  const dealt = Array.from({ length: Math.max(1, Math.min(groups, files.length)) }, (): string[] => []);
  files.forEach((file, position) => dealt[position % dealt.length]?.push(file));
  return dealt;
}
