/**
 * The event log as it goes on: first what was, then what comes, by number, each once and none left out. It listens
 * before it lists (what happens in between waits for the list), and lists again what the coordinator says it left out
 * because this reader was slow.
 */
import { LongshoreError } from '../fleet/errors.ts';
import type { EventView } from '../protocol/http-api/views.ts';
import type { CallFrame } from './client/console-client.ts';

export interface EventFollowerOptions {
  /** How many of the past are shown; 0 = none. */
  readonly past: number;
  /** Newest first, at most `limit`; `cursor` goes on from the page before. */
  readonly list: (
    limit: number,
    cursor: string | null,
  ) => Promise<{ readonly items: readonly EventView[]; readonly next: string | null }>;
  /** Whether the person asked for it. */
  readonly matches: (event: EventView) => boolean;
  readonly show: (event: EventView) => void;
  readonly onFault: (error: unknown) => void;
}

const PAGE = 500;
/** More than this is not caught up with: whoever reads so slowly reads the log afterwards. */
const MOST_CAUGHT_UP = 100_000;

export class EventFollower {
  readonly #options: EventFollowerOptions;
  /** Number of the newest event that was shown or that is none of ours; null = nothing was listed yet. */
  #last: number | null = null;
  #held: EventView[] | null = null;
  #again = false;

  constructor(options: EventFollowerOptions) {
    this.#options = options;
  }

  onFrame(frame: CallFrame): void {
    // Any first frame says that the coordinator listens for us now; older ones do not send `watching`.
    if (this.#last === null && this.#held === null) this.#catchUp();
    if (frame.kind === 'left-out') this.#catchUp();
    if (frame.kind !== 'event') return;
    if (this.#held === null) this.#take(frame.event);
    else this.#held.push(frame.event);
  }

  #catchUp(): void {
    if (this.#held !== null) {
      this.#again = true;
      return;
    }
    this.#held = [];
    this.#listMissing().then(
      (events) => {
        const held = this.#held ?? [];
        this.#held = null;
        this.#last ??= 0;
        for (const event of events) this.#take(event);
        if (this.#again) {
          // What was held came behind a gap that is not listed yet, and comes with that list.
          this.#again = false;
          this.#catchUp();
        } else for (const event of held) this.#take(event);
      },
      (error: unknown) => this.#options.onFault(error),
    );
  }

  /** @returns oldest first */
  async #listMissing(): Promise<readonly EventView[]> {
    const { list, past } = this.#options;
    const last = this.#last;
    if (last === null) {
      const { items } = await list(Math.max(1, past), null);
      // Without a past, the future begins with what came since the coordinator listens for us.
      if (past === 0) this.#last = Math.min(items[0]?.number ?? 0, (this.#held?.[0]?.number ?? Infinity) - 1);
      return items.slice(0, past).reverse();
    }
    const missing: EventView[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof list>> = await list(PAGE, cursor);
      const news = page.items.filter((event) => event.number > last);
      missing.push(...news);
      cursor = news.length < page.items.length ? null : page.next;
    } while (cursor !== null && missing.length < MOST_CAUGHT_UP);
    if (cursor !== null)
      throw new LongshoreError(
        'TOO_LARGE',
        `follow events: more than ${MOST_CAUGHT_UP} came while this reader was slow`,
        {
          hint: 'Read them with `longshore events`, by app, host or kind.',
        },
      );
    return missing.reverse();
  }

  #take(event: EventView): void {
    if (event.number <= (this.#last ?? 0)) return;
    this.#last = event.number;
    if (this.#options.matches(event)) this.#options.show(event);
  }
}
