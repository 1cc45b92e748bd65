/**
 * Which version of the Engine API to speak: the smaller of the newest that we have tested and the server's own.
 * Paths without a version drift with each engine; a pinned one is refused one day (Engine 29 ended everything before
 * 1.44).
 */
import type { EngineFeatures } from './container-config.ts';

/** Engine 26.1, with both image stores. */
export const NEWEST_TESTED = '1.45';
/** Engine 20.10. */
export const OLDEST_SUPPORTED = '1.41';

/** @param server `Api-Version` of the unversioned `/_ping`; null = it said none @returns null where it is too old */
export function negotiateApiVersion(server: string | null): string | null {
  if (server === null || !/^\d+\.\d+$/.test(server) || compareApiVersions(server, OLDEST_SUPPORTED) < 0) return null;
  return compareApiVersions(server, NEWEST_TESTED) < 0 ? server : NEWEST_TESTED;
}

export function featuresOf(apiVersion: string): EngineFeatures {
  return { startInterval: compareApiVersions(apiVersion, '1.44') >= 0 };
}

/** Negative: a is older. By number: 1.9 is older than 1.41. */
export function compareApiVersions(a: string, b: string): number {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor === bMajor ? aMinor - bMinor : aMajor - bMajor;
}
