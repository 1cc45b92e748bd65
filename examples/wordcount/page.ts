// The pages: a form, and a result or a refusal above it. No script, no outside resource.
import type { WordCounts } from './word-counter.ts';

const style = `
:root { color-scheme: light dark; --ink: #16212b; --soft: #5a6b7a; --paper: #f6f8fa; --card: #fff; --line: #d9e0e6; --accent: #0b6bcb; --bad: #b3261e }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #93a4b4; --paper: #0e151b; --card: #17212a; --line: #2b3945; --accent: #6ab4ff; --bad: #ff8a80 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 40rem; margin: 0 auto; padding: 2rem 1rem }
h1 { font-size: 1.6rem; margin: 0 0 1rem }
section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1.25rem; margin-bottom: 1rem }
dl { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 0 }
dt { color: var(--soft); font-size: .85rem } dd { margin: 0; font-size: 1.7rem; font-variant-numeric: tabular-nums; font-weight: 600 }
table { width: 100%; border-collapse: collapse; margin-top: 1rem } th { text-align: left; color: var(--soft); font-weight: 500; font-size: .85rem }
td, th { padding: .25rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere } td:last-child, th:last-child { text-align: right; font-variant-numeric: tabular-nums; padding-left: 1rem }
form { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center }
label { flex-basis: 100% } input { flex: 1 1 14rem; min-width: 0; font: inherit }
button { font: inherit; font-weight: 600; padding: .5rem 1.1rem; border: 0; border-radius: .4rem; background: var(--accent); color: var(--card); cursor: pointer }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.refused { border-color: var(--bad); color: var(--bad) } small, footer { color: var(--soft) } footer { font-size: .85rem }`;

export const contentSecurityPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

export function formPage(version: string): string {
  return page(version, '');
}

export function refusalPage(version: string, message: string): string {
  return page(version, `<section class="refused" role="alert">${escapeHtml(message)}</section>`);
}

export function resultPage(version: string, name: string | undefined, counts: WordCounts): string {
  const number = new Intl.NumberFormat('en');
  const figure = (title: string, value: number): string =>
    `<div><dt>${title}</dt><dd>${number.format(value)}</dd></div>`;
  const rows = counts.frequent.map(
    ({ word, count, doubt }) =>
      `<tr><td>${escapeHtml(word)}</td><td>${doubt > 0 ? 'at least ' : ''}${number.format(count)}</td></tr>`,
  );
  const table =
    rows.length > 0
      ? `<table><thead><tr><th>Frequent words</th><th>times</th></tr></thead><tbody>${rows.join('')}</tbody></table>`
      : '';
  const note = counts.exact
    ? ''
    : '<p><small>The text has very many different words: the totals are exact, the counts of single words lower bounds.</small></p>';
  return page(
    version,
    `<section aria-label="Result"><p>${name === undefined ? 'Your text' : escapeHtml(name)} has</p><dl>${figure('words', counts.words)}${figure('lines', counts.lines)}${figure('characters', counts.characters)}</dl>${table}${note}</section>`,
  );
}

function page(version: string, result: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Word count</title><style>${style}</style></head>
<body><main>
<h1>Word count</h1>
${result}
<section><form method="post" action="/count" enctype="multipart/form-data">
<label for="file">A text file (.txt, UTF-8)</label>
<input id="file" name="file" type="file" accept=".txt,text/plain" required>
<button>Count</button>
</form></section>
<footer>wordcount ${escapeHtml(version)}</footer>
</main></body>
</html>
`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
