import t from 'tap';
import { parsePlanOptions } from '../../../../infra/plan/plan-options.ts';

t.test('plan options: nothing is a plan of the gcp stack', (t) => {
  t.same(parsePlanOptions([]), {
    task: { kind: 'plan' },
    stack: 'gcp',
    file: null,
    directory: null,
    destroyData: [],
  });
  t.end();
});

t.test('plan options: values with and without =', (t) => {
  t.same(parsePlanOptions(['--stack', 'local', '--file=a b.yaml', '--dir', '/x', '--destroy']), {
    task: { kind: 'destroy' },
    stack: 'local',
    file: 'a b.yaml',
    directory: '/x',
    destroyData: [],
  });
  t.same(parsePlanOptions(['--destroy-data', 'a', '--destroy', '--destroy-data=b']).destroyData, ['a', 'b']);
  t.same(parsePlanOptions(['--output']).task, { kind: 'output', name: null });
  t.same(parsePlanOptions(['--output', 'coordinator_url']).task, { kind: 'output', name: 'coordinator_url' });
  t.same(parsePlanOptions(['--output', '--stack', 'local']).task, { kind: 'output', name: null });
  t.same(parsePlanOptions(['--apply', '-h']).task, { kind: 'help' });
  t.end();
});

t.test('plan options: everything that is not understood, at once', (t) => {
  const paths = (...args: readonly string[]): unknown => {
    try {
      return parsePlanOptions(args);
    } catch (error) {
      return (error as { problem: { code: string; details: { path: string }[] } }).problem.details.map(
        ({ path }) => path,
      );
    }
  };

  t.same(paths('--nope', 'x', '--stack', 'azure'), ['--nope', 'x', '--stack']);
  t.same(paths('--apply', '--destroy'), ['--destroy']);
  t.same(paths('--apply=1'), ['--apply=1']);
  t.same(paths('--file'), ['--file']);
  t.same(paths('--destroy-data'), ['--destroy-data']);
  t.same(paths('--apply', '--destroy-data', 'a'), ['--destroy-data']);
  t.same(paths('--dir', '--apply'), ['--dir']);
  t.end();
});
