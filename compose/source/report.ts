/** Collects everything that is wrong in an app file, so that one answer lists it all. Lives for one load. */
import { compareText } from '../../fleet/compare-text.ts';
import type { ProblemDetail } from '../../fleet/errors.ts';
import type { Position } from './tree.ts';

export type Path = readonly (string | number)[];

/** Past this many the rest is counted only: nobody reads 600,000 syntax errors. */
export const MAX_PROBLEMS = 100;

export interface Report {
  readonly error: (at: Position | null, path: Path, message: string) => void;
  readonly warn: (at: Position | null, path: Path, message: string) => void;
  /** Further errors are only counted: what costs time to word need not be worded. */
  readonly isFull: () => boolean;
  readonly errors: () => readonly ProblemDetail[];
  readonly warnings: () => readonly ProblemDetail[];
}

export function createReport(): Report {
  const errors = createList();
  const warnings = createList();
  return { error: errors.add, warn: warnings.add, isFull: errors.isFull, errors: errors.all, warnings: warnings.all };
}

/** `services.web.ports[0]`; a key that is no plain word stands in brackets: `services["my.web"]`. */
export function renderPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[\w-]+$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

export function toDetail(at: Position | null, path: Path, message: string): ProblemDetail {
  const rendered = renderPath(path);
  const where = at === null ? rendered : rendered === '' ? at.file : `${at.file}: ${rendered}`;
  return { path: where, message, line: at?.line ?? null, column: at?.column ?? null };
}

function createList() {
  const details = new Map<string, ProblemDetail>();
  let more = 0;
  const add = (at: Position | null, path: Path, message: string): void => {
    if (details.size >= MAX_PROBLEMS) {
      more += 1;
      return;
    }
    const detail = toDetail(at, path, message);
    details.set(`${detail.path} ${detail.line ?? 0}:${detail.column ?? 0} ${message}`, detail);
  };
  const all = (): readonly ProblemDetail[] => {
    const sorted = [...details.values()].sort(byPlace);
    if (more === 0) return sorted;
    return [...sorted, { path: '', message: `and ${more} more; fix these first`, line: null, column: null }];
  };
  return { add, all, isFull: () => details.size >= MAX_PROBLEMS };
}

function byPlace(a: ProblemDetail, b: ProblemDetail): number {
  const file = compareText(fileOf(a), fileOf(b));
  if (file !== 0) return file;
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0) || compareText(a.path, b.path);
}

const fileOf = (detail: ProblemDetail): string => detail.path.split(': ')[0] ?? '';
