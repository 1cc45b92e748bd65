// Holds the source to the import tables of docs/architecture.md.
import t from 'tap';
import { codeWords, markdownTable } from '../support/markdown-table.ts';
import { isUnder, sourceFiles } from '../support/source-tree.ts';

const page = 'docs/architecture.md';
const files = sourceFiles();

t.test('imports: every folder imports only what its row allows', (t) => {
  const rows = new Map(markdownTable(page, 'Who may import whom').map((row) => [codeWords(row[0])[0], row]));
  const wrong: string[] = [];

  for (const file of files) {
    const row = rows.get(file.folder);
    if (row === undefined) {
      wrong.push(`${file.path}: the folder ${file.folder}/ has no row`);
      continue;
    }
    const [, folders = '', packages = '', builtins = ''] = row;
    for (const found of file.imports) {
      const where = `${file.path}:${found.line} imports ${found.specifier}`;
      const target = found.file?.split('/')[0];
      if (target !== undefined && target !== file.folder && !allows(folders, target)) wrong.push(where);
      if (found.package !== undefined && packages !== 'any' && !codeWords(packages).includes(found.package))
        wrong.push(where);
      if (found.builtin && builtins !== 'yes') wrong.push(where);
    }
  }

  t.same(wrong, []);
  t.end();
});

function allows(cell: string, folder: string): boolean {
  if (cell === 'anything') return true;
  if (cell.startsWith('anything but')) return !codeWords(cell).includes(folder);
  return codeWords(cell).includes(folder);
}

t.test('imports: wrapped packages appear only where their row says', (t) => {
  const product = new Set(['fleet', 'compose', 'protocol', 'agent', 'coordinator', 'cli', 'web', 'infra']);
  const wrong: string[] = [];

  for (const [cell, places] of markdownTable(page, 'Packages that appear in one place')) {
    const [name = ''] = codeWords(cell);
    const allowed = codeWords(places);
    for (const file of files.filter((file) => product.has(file.folder))) {
      for (const found of file.imports.filter((found) => found.package === name)) {
        if (!allowed.some((place) => isUnder(file.path, place)))
          wrong.push(`${file.path}:${found.line} imports ${name}`);
      }
    }
  }

  t.same(wrong, []);
  t.end();
});

t.test('imports: every relative import names an existing file with its extension', (t) => {
  const known = new Set(files.map((file) => file.path));
  const wrong = files.flatMap((file) =>
    file.imports
      .filter((found) => found.file !== undefined && !known.has(found.file) && !found.file.endsWith('.json'))
      .map((found) => `${file.path}:${found.line} imports ${found.specifier}`),
  );

  t.same(wrong, []);
  t.end();
});

t.test('imports: there are no cycles, types included', (t) => {
  const edges = new Map(files.map((file) => [file.path, file.imports.flatMap((found) => found.file ?? [])]));

  t.same(cycles(edges), []);
  t.end();
});

/** Each cycle once, as a path: depth first, with the files that are still open on the way. */
function cycles(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, way: readonly string[]): void => {
    const position = way.indexOf(file);
    if (position !== -1) {
      found.push([...way.slice(position), file].join(' -> '));
      return;
    }
    if (done.has(file)) return;
    for (const next of edges.get(file) ?? []) visit(next, [...way, file]);
    done.add(file);
  };
  for (const file of edges.keys()) visit(file, []);
  return found;
}

t.test('imports: there are no barrels', (t) => {
  t.same(
    files.map((file) => file.path).filter((file) => /(^|\/)index\.[mc]?[jt]s$/.test(file)),
    [],
  );
  t.end();
});
