/** Times of a rehearsal's steps, printed as they end, and the figures that are made of moments. */

export class Timings {
  readonly #say: (line: string) => void;
  readonly #startedAt = performance.now();
  #number = 0;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  async step<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.#number += 1;
    const startedAt = performance.now();
    this.#say(`${String(this.#number).padStart(2)}. ${what} ...`);
    const result = await work();
    this.#say(`    ${'done'.padEnd(60, '.')} ${seconds(performance.now() - startedAt)}`);
    return result;
  }

  total(): string {
    return seconds(performance.now() - this.#startedAt);
  }
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

export interface Moment {
  /** What took until then. */
  readonly what: string;
  readonly atMs: number;
}

/** From `terraform apply` to the app answering, in parts; each counted from the moment before it. */
export function renderFigures(moments: readonly Moment[]): string {
  const [first] = moments;
  const last = moments.at(-1);
  if (first === undefined || last === undefined) return '';
  const parts = moments
    .slice(1)
    .map(({ what, atMs }, index) => `  ${what.padEnd(58)} ${seconds(atMs - (moments[index]?.atMs ?? 0)).padStart(8)}`);
  return [
    'From apply to the app answering:',
    ...parts,
    `  ${'in all'.padEnd(58)} ${seconds(last.atMs - first.atMs).padStart(8)}`,
  ].join('\n');
}
