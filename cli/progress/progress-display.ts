/** Shows a deployment while it goes: redrawn in place on a terminal, a line per change in a pipe, nothing with --json. */
import { hasEnded } from '../../fleet/deployment.ts';
import type { DeploymentView } from '../../protocol/http-api/views.ts';
import { renderDuration } from '../../protocol/text/time.ts';
import { shownText } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { changeLines, renderProgress } from './progress-lines.ts';

const REDRAW_MS = 200;

export class ProgressDisplay {
  readonly #terminal: Terminal;
  readonly #now: () => number;
  readonly #quiet: boolean;
  #view: DeploymentView | null = null;
  #awaySince: number | null = null;
  #drawn = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(terminal: Terminal, now: () => number, quiet: boolean) {
    this.#terminal = terminal;
    this.#now = now;
    this.#quiet = quiet;
  }

  show(view: DeploymentView): void {
    const before = this.#view;
    this.#view = view;
    if (this.#quiet) return;
    if (!this.#terminal.live) {
      for (const line of changeLines(before, view)) this.#terminal.out(line);
      return;
    }
    this.#draw();
    // The elapsed time goes on while nothing changes.
    if (this.#timer === null && !hasEnded(view.state)) this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
  }

  /** The coordinator does not answer: what is shown may be old. Null: it answers again. */
  away(since: number | null): void {
    if (since === this.#awaySince) return;
    this.#awaySince = since;
    if (this.#terminal.live && !this.#quiet) this.#draw();
    else
      this.#terminal.err(
        since === null
          ? 'The coordinator answers again.'
          : 'The coordinator does not answer; trying again. Hosts go on with what they were given.',
      );
  }

  /** Leaves the last picture standing. */
  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    if (!this.#quiet && this.#terminal.live && this.#view !== null) this.#draw();
  }

  #draw(): void {
    if (this.#view === null) return;
    const { stdout } = this.#terminal.streams;
    const rows = Math.max(4, (stdout.rows ?? 40) - 1);
    const progress = renderProgress(this.#view, this.#now(), {
      color: this.#terminal.color,
      columns: stdout.columns ?? 80,
    });
    const lines =
      this.#awaySince === null
        ? progress
        : [
            ...progress,
            `  no answer from the coordinator for ${renderDuration(this.#now() - this.#awaySince)}; trying again`,
          ];
    const shown =
      lines.length > rows ? [...lines.slice(0, rows - 1), `    ... and ${lines.length - rows + 1} more lines`] : lines;
    const up = this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A`;
    stdout.write(
      `${up}${shown.map((line) => `\u001b[2K${shownText(line, this.#terminal.color)}\n`).join('')}\u001b[0J`,
    );
    this.#drawn = shown.length;
  }
}
