// Files of the grouped suites share a process (scripts/tests/): what one does to the root of tap reaches the others.
import t from 'tap';
import ts from 'typescript';
import { lineOf, sourceFiles, walk } from '../support/source-tree.ts';

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

/** A limit of a test's own would be decided by the machine's speed; the suite's limit (suites.ts) ends a file that hangs. */
t.test('test files: none has a time limit of its own', (t) => {
  const wrong = sourceFiles()
    .filter((file) => file.path.endsWith('.test.ts'))
    .flatMap((file) =>
      callsIn(file.ast).flatMap((call) => {
        if (!ts.isPropertyAccessExpression(call.expression) || call.expression.expression.getText(file.ast) !== 't')
          return [];
        const options = call.arguments[1];
        const isLimited =
          call.expression.name.text === 'setTimeout' ||
          (call.expression.name.text === 'test' &&
            options !== undefined &&
            ts.isObjectLiteralExpression(options) &&
            options.properties.some((property) => property.name?.getText(file.ast) === 'timeout'));
        return isLimited ? [`${file.path}:${lineOf(file, call)}`] : [];
      }),
    );

  t.same(wrong, []);
  t.end();
});

/** While a test waits synchronously, the other side closes its idle connections and its timers run late. */
t.test('test files: programs that take minutes are not run synchronously', (t) => {
  const long = /scripts\/(?!engine\.sh', 'state-dir')/;
  const wrong = sourceFiles()
    .filter((file) => file.path.startsWith('test/'))
    .flatMap((file) =>
      callsIn(file.ast).flatMap((call) =>
        /^(spawnSync|execFileSync|execSync)$/.test(call.expression.getText(file.ast)) &&
        call.arguments.some((argument) => long.test(argument.getText(file.ast)))
          ? [`${file.path}:${lineOf(file, call)}`]
          : [],
      ),
    );

  t.same(wrong, []);
  t.end();
});

function callsIn(node: ts.Node): readonly ts.CallExpression[] {
  const found: ts.CallExpression[] = [];
  walk(node, (each) => {
    if (ts.isCallExpression(each)) found.push(each);
  });
  return found;
}
