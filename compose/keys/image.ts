/** `image`, `pull_policy`, `platform`. */
import type { ImageSpec } from '../../fleet/app-spec.ts';
import { type Digest, isDigest } from '../../fleet/ids.ts';
import { isImageReference } from '../../fleet/image-reference.ts';
import { notDone } from './key-table.ts';
import { type Cursor, fail, readFilledText, readIf, readOr, readTextIfFilled } from './read.ts';

/** Stands in where the file has no usable image; the mistake is in the report, so this never goes out. */
const UNREADABLE = 'unreadable';

export interface ImageFields {
  readonly image: Cursor | undefined;
  readonly pullPolicy: Cursor | undefined;
  readonly platform: Cursor | undefined;
}

export function readImage(given: ImageFields): ImageSpec {
  const reference = readIf(given.image, readReference) ?? UNREADABLE;
  return {
    reference,
    digest: digestIn(reference),
    pull: readOr(given.pullPolicy, readPull, 'if-missing'),
    platform: readIf(given.platform, readPlatform),
  };
}

function readReference(cursor: Cursor): string | null {
  const text = readFilledText(cursor);
  if (text === null || isImageReference(text)) return text;
  const why = /[A-Z]/.test(
    text.slice(0, text.lastIndexOf('/') + 1) + (text.slice(text.lastIndexOf('/') + 1).split(':', 1)[0] ?? ''),
  )
    ? '; names of images are lower-case'
    : '';
  return fail(cursor, `takes [REGISTRY/]NAME[:TAG][@DIGEST]; this is "${text}"${why}`);
}

/** A reference that names its digest is pinned by the file. */
function digestIn(reference: string): Digest | null {
  const digest = reference.split('@')[1];
  return digest !== undefined && isDigest(digest) ? digest : null;
}

function readPull(cursor: Cursor): ImageSpec['pull'] | null {
  const text = readFilledText(cursor);
  if (text === 'always') return 'always';
  if (text === 'missing' || text === 'if_not_present') return 'if-missing';
  return text === null ? null : fail(cursor, notDone(`pull_policy: ${text}`, 'always and missing are'));
}

function readPlatform(cursor: Cursor): string | null {
  const text = readTextIfFilled(cursor);
  if (text === null || /^linux\/[a-z0-9_]+(?:\/[a-z0-9]+)?$/.test(text)) return text;
  return fail(cursor, `takes linux/amd64, linux/arm64 and the like; this is "${text}"`);
}
