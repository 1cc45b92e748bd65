import t from 'tap';
import { problem } from '../../../fleet/errors.ts';
import { renderProblem } from '../../../infra/render-problem.ts';

t.test('renderProblem: places stand as terminals make links of them', (t) => {
  const details = [
    { path: 'fleet.yaml: pools.web.count', message: 'must be at least 1', line: 7, column: 12 },
    { path: 'fleet.yaml', message: 'the file is empty', line: 1, column: 1 },
    { path: 'CREDENTIALS_PATH', message: 'is not set', line: null, column: null },
  ];

  t.equal(
    renderProblem(problem('INFRA_UNREADY', 'check: 3 mistakes', { details, hint: 'Fix them.' })),
    [
      'check: 3 mistakes (INFRA_UNREADY)',
      '  fleet.yaml:7:12: pools.web.count: must be at least 1',
      '  fleet.yaml:1:1: the file is empty',
      '  CREDENTIALS_PATH: is not set',
      'Fix them.',
    ].join('\n'),
  );
  t.end();
});
