/** How a journal is written: to the disk before it counts in memory, with two exceptions that say why. */
import type { AppJournal } from '../state/app-journal.ts';
import type { StateStore } from '../state/state-store.ts';
import type { Memory } from './memory.ts';

interface JournalTools {
  readonly store: Pick<StateStore, 'saveJournal'>;
  readonly memory: Pick<Memory, 'journals' | 'unsaved'>;
}

/** On the disk first: what memory says, a crash must not take back. */
export async function saveJournal(tools: JournalTools, journal: AppJournal): Promise<void> {
  await tools.store.saveJournal(journal);
  tools.memory.journals.set(journal.app, journal);
  tools.memory.unsaved.delete(journal.app);
}

/**
 * The one exception: that an attempt has failed counts also where it cannot be written, because the way back waits for it
 * and a full disk must not keep the old instances stopped. A crash before it is written only means that the attempt is
 * judged once more. @returns why it could not be written
 */
export async function saveVerdict(tools: JournalTools, journal: AppJournal): Promise<Error | null> {
  try {
    await saveJournal(tools, journal);
    return null;
  } catch (error) {
    tools.memory.journals.set(journal.app, journal);
    tools.memory.unsaved.add(journal.app);
    return error instanceof Error ? error : new Error(String(error));
  }
}

/**
 * What is left of the progress deadline is worth no retry: a crash gives back the time since it was last written. A
 * failure kept on the journal's object would also hold up the verdict and the commit, which need the disk themselves.
 */
export async function saveBudget(tools: JournalTools, journal: AppJournal): Promise<void> {
  await tools.store.saveJournal(journal).catch(() => undefined);
  tools.memory.journals.set(journal.app, journal);
}
