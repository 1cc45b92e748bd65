/**
 * The agent's memory on the disk: the newest assignment and one journal per app, each a file of its own, so that apps
 * neither wait for nor damage one another. Writes of one file follow each other; what was written is durable when the
 * promise resolves. Two agents must not share the folder.
 */
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { isAppName, type AppName } from '../../fleet/ids.ts';
import { errnoOf, writeDurably } from '../durable-file.ts';
import type { AppJournal } from './app-journal.ts';
import {
  ASSIGNMENT_VERSION,
  assignmentFileSchema,
  JOURNAL_VERSION,
  journalFileSchema,
  type StoredAssignment,
} from './journal-schema.ts';
import { readStateFile } from './state-file.ts';

export interface LoadedState {
  readonly assignment: StoredAssignment | null;
  readonly journals: Readonly<Record<string, AppJournal>>;
  /** Files that were set aside, as sentences for the event log (STATE_FILE_INVALID). */
  readonly damage: readonly string[];
}

export class StateStore {
  readonly #dir: string;
  readonly #writing = new Map<string, Promise<void>>();

  constructor(stateDir: string) {
    this.#dir = stateDir;
  }

  async load(): Promise<LoadedState> {
    const damage: string[] = [];
    const stored = await readStateFile(this.#assignmentFile(), assignmentFileSchema);
    if (stored.kind === 'damaged') damage.push(sentence('the assignment', stored));
    const journals: Record<string, AppJournal> = {};
    for (const app of await this.#apps()) {
      const file = await readStateFile(this.#journalFile(app), journalFileSchema);
      if (file.kind === 'read') journals[app] = file.value.journal;
      if (file.kind === 'damaged') damage.push(sentence(`the journal of ${app}`, file));
    }
    const assignment = stored.kind === 'read' ? { assignment: stored.value.assignment, hash: stored.value.hash } : null;
    return { assignment, journals, damage };
  }

  saveAssignment(stored: StoredAssignment): Promise<void> {
    return this.#write(this.#assignmentFile(), { version: ASSIGNMENT_VERSION, ...stored });
  }

  saveJournal(journal: AppJournal): Promise<void> {
    return this.#write(this.#journalFile(journal.app), { version: JOURNAL_VERSION, journal });
  }

  async forgetJournal(app: AppName): Promise<void> {
    await this.#after(this.#journalFile(app), () => rm(this.#journalFile(app), { force: true }));
  }

  #write(file: string, content: unknown): Promise<void> {
    const text = JSON.stringify(content);
    return this.#after(file, () => writeDurably(file, text));
  }

  /** One write of a file at a time: they share the name of the file beside it. */
  #after(file: string, work: () => Promise<void>): Promise<void> {
    const before = this.#writing.get(file) ?? Promise.resolve();
    const next = before.catch(() => undefined).then(work);
    this.#writing.set(file, next);
    return next;
  }

  async #apps(): Promise<readonly AppName[]> {
    try {
      const names = await readdir(path.join(this.#dir, 'journal'));
      return names
        .filter((name) => name.endsWith('.json'))
        .map((name) => name.slice(0, -'.json'.length))
        .filter(isAppName)
        .sort();
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    }
  }

  #assignmentFile(): string {
    return path.join(this.#dir, 'assignment.json');
  }

  #journalFile(app: AppName): string {
    return path.join(this.#dir, 'journal', `${app}.json`);
  }
}

function sentence(what: string, file: { readonly reason: string; readonly setAsideAs: string }): string {
  return `${what} cannot be read (${file.reason}); the file was set aside as ${file.setAsideAs}`;
}
