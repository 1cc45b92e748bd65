/** What the long forms of a secret and a config in a service have in common. */
import { type Cursor, integerIn, readFileMode, readFilledText, readIf } from './read.ts';

export interface MountedFile {
  readonly target: string | null;
  readonly uid: number | null;
  readonly gid: number | null;
  readonly mode: number | null;
}

interface MountedFileKeys {
  readonly target?: Cursor;
  readonly uid?: Cursor;
  readonly gid?: Cursor;
  readonly mode?: Cursor;
}

export function readMountedFile(given: MountedFileKeys): MountedFile {
  return {
    target: readIf(given.target, readFilledText),
    uid: readIf(given.uid, readOwner),
    gid: readIf(given.gid, readOwner),
    mode: readIf(given.mode, readFileMode),
  };
}

const readOwner = integerIn(0, 4_294_967_294);
