// Files of the grouped suites share a process (scripts/tests/): what one does to the root of tap reaches the others.
import t from 'tap';
import ts from 'typescript';
import { lineOf, sourceFiles } from '../support/source-tree.ts';

const shared = /^test\/(unit|properties|architecture)\//;
const rootOnly = new Set([
  'plan',
  'end',
  'bailout',
  'beforeEach',
  'afterEach',
  'before',
  'after',
  'teardown',
  'setTimeout',
]);

t.test('test files: those that share a process leave the root of tap alone', (t) => {
  const wrong = sourceFiles()
    .filter((file) => shared.test(file.path))
    .flatMap((file) =>
      file.ast.statements.flatMap((statement) => {
        if (!ts.isExpressionStatement(statement)) return [];
        const call = ts.isAwaitExpression(statement.expression)
          ? statement.expression.expression
          : statement.expression;
        if (!ts.isCallExpression(call) || !ts.isPropertyAccessExpression(call.expression)) return [];
        const { expression, name } = call.expression;
        return expression.getText(file.ast) === 't' && rootOnly.has(name.text)
          ? [`${file.path}:${lineOf(file, statement)} t.${name.text}`]
          : [];
      }),
    );

  t.same(wrong, []);
  t.end();
});

t.test('test files: each stands in a suite', (t) => {
  const wrong = sourceFiles()
    .map((file) => file.path)
    .filter((file) => file.endsWith('.test.ts'))
    .filter((file) => !/^test\/(unit|properties|contract|integration|e2e|architecture|infra|rehearsal)\//.test(file));

  t.same(wrong, []);
  t.end();
});
