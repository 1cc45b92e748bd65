/** The console on the page: a line in, text out; history with the arrows, completion with Tab. */
import { renderProblem } from '../protocol/text/problem.ts';
import type { ConsoleLink } from './console-link.ts';
import { byId, h } from './dom.ts';

const LOG_BLOCKS = 400;
const HISTORY = 100;

export class ConsolePane {
  readonly #log = byId('console-log', HTMLDivElement);
  readonly #input = byId('console-input', HTMLInputElement);
  readonly #history: string[] = [];
  readonly #link: () => ConsoleLink | null;
  #at = 0;

  constructor(link: () => ConsoleLink | null) {
    this.#link = link;
    byId('console-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#run();
    });
    this.#input.addEventListener('keydown', (event) => this.#key(event));
    document.addEventListener('keydown', (event) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.target instanceof HTMLInputElement) return;
      event.preventDefault();
      this.#input.focus();
    });
  }

  #run(): void {
    const line = this.#input.value.trim();
    if (line === '') return;
    this.#input.value = '';
    if (this.#history.at(-1) !== line) this.#history.push(line);
    if (this.#history.length > HISTORY) this.#history.shift();
    this.#at = this.#history.length;
    this.#say(`longshore> ${line}`, 'said');
    const sent = this.#link()?.call({ kind: 'line', text: line }, (frame) => {
      if (frame.kind === 'text') this.#say(frame.text, '');
      if (frame.kind === 'done' && frame.problem !== null) this.#say(renderProblem(frame.problem), 'bad');
    });
    if (sent !== true) this.#say('Not connected; try again in a moment.', 'bad');
  }

  #say(text: string, tone: string): void {
    this.#log.append(h('div', tone === '' ? {} : { class: tone }, text));
    while (this.#log.childElementCount > LOG_BLOCKS) this.#log.firstElementChild?.remove();
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  #key(event: KeyboardEvent): void {
    if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      event.preventDefault();
      this.#at = Math.min(this.#history.length, Math.max(0, this.#at + (event.key === 'ArrowUp' ? -1 : 1)));
      this.#input.value = this.#history[this.#at] ?? '';
    } else if (event.key === 'Escape') {
      this.#input.blur();
    } else if (event.key === 'Tab' && !event.shiftKey && this.#input.value !== '') {
      // An empty line lets Tab move on, so that the keyboard is never caught here.
      event.preventDefault();
      this.#complete();
    }
  }

  #complete(): void {
    const before = this.#input.value;
    this.#link()?.call({ kind: 'complete', text: before }, (frame) => {
      if (frame.kind !== 'completions' || this.#input.value !== before) return;
      const last = before.split(/\s+/).at(-1) ?? '';
      const shared = commonStart(frame.items);
      if (shared.length > last.length)
        this.#input.value =
          before.slice(0, before.length - last.length) +
          shared +
          (frame.items.length === 1 && !shared.endsWith('=') ? ' ' : '');
      else if (frame.items.length > 1) this.#say(frame.items.join('  '), 'soft');
    });
  }
}

export function commonStart(words: readonly string[]): string {
  const [first = '', ...rest] = words;
  let length = first.length;
  for (const word of rest) while (!word.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
}
