import t from 'tap';
import { isOlder, toolProblems } from '../../../../infra/plan/check-tools.ts';

t.test('isOlder: numbers, not text', (t) => {
  t.ok(isOlder('1.4.9', '1.5.0'));
  t.ok(isOlder('0.99.0', '1.5.0'));
  t.notOk(isOlder('1.10.0', '1.5.0'));
  t.notOk(isOlder('1.5.0', '1.5.0'));
  t.end();
});

t.test('toolProblems: terraform for both stacks, the engine for the local one', (t) => {
  t.same(toolProblems({ terraform: '1.11.4', engineProblem: 'away' }, 'gcp'), []);
  t.match(toolProblems({ terraform: null, engineProblem: 'away' }, 'local'), [
    { path: 'terraform', message: /is not installed/ },
    { path: 'docker', message: 'away' },
  ]);
  t.match(toolProblems({ terraform: '1.4.0', engineProblem: null }, 'gcp'), [{ message: /is version 1\.4\.0/ }]);
  t.end();
});
