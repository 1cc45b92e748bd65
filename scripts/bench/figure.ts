// A figure of a bench and its goal, as one line for people. Pure.

export interface Figure {
  readonly name: string;
  readonly value: number;
  /** `ms`, `%`, `x` (a ratio), `` (a count). */
  readonly unit: string;
  /** At most so much; null: for information. */
  readonly goal: number | null;
}

/** What is not a number was not measured, and misses its goal. */
export function isMissed(figure: Figure): boolean {
  return figure.goal !== null && !(figure.value <= figure.goal);
}

export function renderFigure(figure: Figure): string {
  const { name, value, unit, goal } = figure;
  const line = `${name.padEnd(58)} ${withUnit(value, unit).padStart(12)}`;
  if (goal === null) return line;
  return `${line}   goal <= ${withUnit(goal, unit)}   ${isMissed(figure) ? 'MISSED' : 'met'}`;
}

function withUnit(value: number, unit: string): string {
  const digits = unit === 'x' || unit === '%' ? 2 : unit === '' ? 0 : 1;
  const text = value.toFixed(digits);
  return unit === '' ? text : `${text} ${unit}`;
}

/** Numbers below a heading, right-aligned; the first column is text. */
export function renderTable(head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const cells = [head, ...rows.map((row) => row.map(toCell))];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  return cells.map((row) => line(row).trimEnd()).join('\n');
}

function toCell(value: string | number | null): string {
  if (value === null) return '-';
  return typeof value === 'number' ? value.toFixed(0) : value;
}
