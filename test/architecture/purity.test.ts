// Decisions take clock, randomness and ids as arguments; the environment and the exit code belong to main files.
import t from 'tap';
import ts from 'typescript';
import { codeWords, markdownTable } from '../support/markdown-table.ts';
import { isUnder, lineOf, sourceFiles, walk, type SourceFile } from '../support/source-tree.ts';

const files = sourceFiles();
const impureNames = new Set([
  'process',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'fetch',
  'crypto',
  'console',
]);
const impureMembers = new Set(['Date.now', 'Math.random']);

t.test('purity: pure files have no clock, randomness, process, timer or builtin', (t) => {
  const places = markdownTable('docs/architecture.md', 'Pure files').flatMap((row) => codeWords(row[0]));
  const wrong = files
    .filter((file) => places.some((place) => isUnder(file.path, place)))
    .flatMap((file) => [...impurities(file), ...builtins(file)]);

  t.same(wrong, []);
  t.end();
});

t.test('purity: every row names something that exists', (t) => {
  const places = markdownTable('docs/architecture.md', 'Pure files').flatMap((row) => codeWords(row[0]));

  t.same(
    places.filter((place) => !files.some((file) => isUnder(file.path, place))),
    [],
  );
  t.end();
});

t.test('purity: process.env and process.exit stand only in main.ts files', (t) => {
  const product = new Set(['agent', 'coordinator', 'cli', 'web', 'infra']);
  const wrong = files
    .filter((file) => product.has(file.folder) && !/(^|\/)main\.ts$/.test(file.path))
    .flatMap((file) => {
      const found: string[] = [];
      walk(file.ast, (node) => {
        if (!ts.isPropertyAccessExpression(node)) return;
        const name = `${node.expression.getText(file.ast)}.${node.name.text}`;
        if (['process.env', 'process.exit', 'process.exitCode', 'process.argv'].includes(name)) {
          found.push(`${file.path}:${lineOf(file, node)} ${name}`);
        }
      });
      return found;
    });

  t.same(wrong, []);
  t.end();
});

t.test('purity: no module keeps state that changes', (t) => {
  const product = new Set(['fleet', 'compose', 'protocol', 'agent', 'coordinator', 'cli', 'infra']);
  const wrong = files
    .filter((file) => product.has(file.folder))
    .flatMap((file) =>
      file.ast.statements
        .filter((statement) => ts.isVariableStatement(statement))
        .filter((statement) => (statement.declarationList.flags & ts.NodeFlags.Const) === 0)
        .map((statement) => `${file.path}:${lineOf(file, statement)}`),
    );

  t.same(wrong, []);
  t.end();
});

function builtins(file: SourceFile): string[] {
  return file.imports.filter((found) => found.builtin).map((found) => `${file.path}:${found.line} ${found.specifier}`);
}

function impurities(file: SourceFile): string[] {
  const found: string[] = [];
  const report = (node: ts.Node, what: string): void => void found.push(`${file.path}:${lineOf(file, node)} ${what}`);
  walk(file.ast, (node) => {
    if (ts.isIdentifier(node) && impureNames.has(node.text) && isReference(node)) report(node, node.text);
    if (ts.isPropertyAccessExpression(node)) {
      const name = `${node.expression.getText(file.ast)}.${node.name.text}`;
      if (impureMembers.has(name)) report(node, name);
    }
    // `new Date(value)` only converts; without a value it reads the clock.
    if (ts.isNewExpression(node) && node.expression.getText(file.ast) === 'Date' && !node.arguments?.length) {
      report(node, 'new Date()');
    }
  });
  return found;
}

/** A name that is read, and not one that is declared, a member of something, or a key. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isShorthandPropertyAssignment(parent)) return false;
  return (
    ts.isCallExpression(parent) ||
    ts.isNewExpression(parent) ||
    ts.isElementAccessExpression(parent) ||
    ts.isTypeOfExpression(parent)
  );
}
