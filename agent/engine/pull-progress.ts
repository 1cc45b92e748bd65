/** The engine's messages of a pull, folded into one progress. Pure: a reducer over what was heard so far. */
import type { PullProgress } from './container-engine.ts';

/** One line of the stream of `POST /images/create`, as far as we read it. */
export interface PullMessage {
  readonly id?: string;
  readonly status?: string;
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

interface Layer {
  readonly done: boolean;
  /** All of it has come from the registry. */
  readonly here: boolean;
  readonly bytes: number;
}

export type PullState = ReadonlyMap<string, Layer>;

export const emptyPull: PullState = new Map();

const DONE = new Set(['Pull complete', 'Already exists']);
const HERE = new Set([...DONE, 'Verifying Checksum', 'Download complete', 'Extracting']);
/** Lines that name the image and not a layer carry its tag or digest as id. */
const LAYER_ID = /^[0-9a-f]{12}$/;

export function addPullMessage(state: PullState, message: PullMessage): PullState {
  const { id, status } = message;
  if (id === undefined || status === undefined || !LAYER_ID.test(id)) return state;
  const before = state.get(id) ?? { done: false, here: false, bytes: 0 };
  const current = status === 'Downloading' ? (message.progressDetail?.current ?? 0) : 0;
  const after = {
    done: before.done || DONE.has(status),
    here: before.here || HERE.has(status),
    bytes: Math.max(before.bytes, current),
  };
  const isSame = after.done === before.done && after.here === before.here && after.bytes === before.bytes;
  if (isSame && state.has(id)) return state;
  return new Map(state).set(id, after);
}

export function toPullProgress(state: PullState): PullProgress {
  const layers = [...state.values()];
  return {
    layersDone: layers.filter((layer) => layer.done).length,
    layers: layers.length,
    bytesDone: layers.reduce((sum, layer) => sum + layer.bytes, 0),
    isDownloading: layers.length === 0 || layers.some((layer) => !layer.here),
  };
}

/** What the engine says went wrong; null where nothing did. */
export function pullFault(message: PullMessage): string | null {
  return message.errorDetail?.message ?? message.error ?? null;
}
