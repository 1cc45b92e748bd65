/**
 * Protocol versions and capabilities. Hello carries a range, welcome names the one chosen: the highest in common.
 * Unknown keys in frames are ignored and unknown kinds are answered `unsupported`, so a new optional field
 * needs no new version; a changed meaning does.
 */
export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

export const PROTOCOL: VersionRange = { min: 1, max: 1 };

/** What an assignment may require of an agent. */
export const CAPABILITIES = [
  'swap',
  'ingress',
  'secrets',
  'schedule',
  'offline-update',
  'one-shots',
  'logs',
  'exec',
  // Never required: who does not have it pulls when it moves.
  'prefetch',
  // Never required: the image's own numbers count for who does not have it.
  'healthcheck-overrides',
  // Never required: the coordinator asks no restart of who does not have it.
  'restart',
] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** @returns the highest common version, or null where there is none */
export function chooseVersion(ours: VersionRange, theirs: VersionRange): number | null {
  const highest = Math.min(ours.max, theirs.max);
  return highest >= Math.max(ours.min, theirs.min) ? highest : null;
}

/** Frames larger than this are refused before they are parsed. */
export const FRAME_LIMIT_BYTES = 4 * 1024 * 1024;
/** Payload of one frame of a log or exec stream. */
export const STREAM_CHUNK_BYTES = 32 * 1024;
/** Bytes a stream's sender may have under way before it waits for credit. */
export const STREAM_WINDOW_BYTES = 256 * 1024;

export const AGENT_SOCKET_PATH = '/v1/agent';
export const CONSOLE_SOCKET_PATH = '/v1/console';
