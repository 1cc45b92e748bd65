import t from 'tap';
import { withObstacle } from '../../../../agent/reconcile/unseen-engine.ts';
import type { AppReport } from '../../../../fleet/report.ts';
import { appName } from '../../../support/app-builders.ts';

const report = (fields: Partial<AppReport>): AppReport => ({
  app: appName('web'),
  release: 1,
  attempt: null,
  instances: [],
  converged: true,
  waiting: null,
  proposal: null,
  unclaimed: false,
  removed: false,
  ...fields,
});

t.test('withObstacle: no app is called well while the engine does not answer', async (t) => {
  const reports = { web: report({}), old: report({ removed: true }), foreign: report({ unclaimed: true }) };
  t.equal(withObstacle(reports, null), reports);
  t.same(withObstacle(reports, 'it hangs'), {
    ...reports,
    web: { ...reports.web, converged: false, waiting: 'it hangs' },
  });
});
