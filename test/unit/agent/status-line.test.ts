import t from 'tap';
import { problem } from '../../../fleet/errors.ts';
import { isConverged, statusLine } from '../../../agent/status-line.ts';
import { someAgentFacts } from '../../support/agent-facts.ts';
import { anAppReport, appName } from '../../support/app-builders.ts';

const done = anAppReport({ app: appName('db'), converged: true });
const busy = anAppReport({ app: appName('shop'), waiting: 'pulling web 3/7 layers' });

t.test('statusLine: connected and converged stand beside each other', (t) => {
  const away = problem('UNREACHABLE', 'connect to wss://a: ECONNREFUSED');
  const waiting = { kind: 'waiting', sinceMs: 0, untilMs: 1, problem: away } as const;
  const table = [
    [someAgentFacts(), 'connected as web-1; no apps, converged'],
    [someAgentFacts({ apps: { db: done } }), 'connected as web-1; 1 app, converged'],
    [
      someAgentFacts({ apps: { db: done }, session: waiting }),
      'not connected: connect to wss://a: ECONNREFUSED; 1 app, converged',
    ],
    [
      someAgentFacts({ apps: { db: done, shop: busy }, converged: false }),
      'connected as web-1; 1 of 2 apps not converged: shop: pulling web 3/7 layers',
    ],
    [
      someAgentFacts({ converged: false, waiting: 'Docker does not answer' }),
      'connected as web-1; no apps, not converged: Docker does not answer',
    ],
    [someAgentFacts({ session: { ...waiting, problem: null } }), 'connecting again; no apps, converged'],
    [someAgentFacts({ session: { kind: 'connecting', sinceMs: 0 } }), 'connecting; no apps, converged'],
    [someAgentFacts({ phase: 'enrolling', obstacle: away }), 'enrolling: connect to wss://a: ECONNREFUSED'],
    [someAgentFacts({ phase: 'starting' }), 'starting: no obstacle so far'],
    [someAgentFacts({ phase: 'stopping' }), 'stopping; the containers keep running'],
  ] as const;
  for (const [facts, line] of table) t.equal(statusLine(facts), line);
  t.end();
});

t.test('isConverged: only while running', (t) => {
  t.ok(isConverged(someAgentFacts()));
  t.notOk(isConverged(someAgentFacts({ converged: false })));
  t.notOk(isConverged(someAgentFacts({ phase: 'enrolling' })));
  t.end();
});
