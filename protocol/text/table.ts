/** Columns of text, aligned, two spaces apart; the console and the command line print the same ones. Pure. */

/** @param rows a line break within a cell becomes a space; the last column is not padded */
export function renderTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows].map((row) => row.map((cell) => cell.replaceAll(/[\r\n\t]+/g, ' ')));
  const widths = header.map((_, column) =>
    all.reduce((widest, row) => Math.max(widest, displayWidth(row[column] ?? '')), 0),
  );
  return all
    .map((row) =>
      row
        .map((cell, column) =>
          column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - displayWidth(cell)),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Code points without escape sequences: enough for names, numbers and the marks that we print. */
export function displayWidth(text: string): number {
  // eslint-disable-next-line no-control-regex -- the escape character is what is looked for
  return Array.from(text.replaceAll(/\u001b\[[0-9;]*m/g, '')).length;
}
