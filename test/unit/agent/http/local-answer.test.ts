import t from 'tap';
import { localAnswer, type LocalAnswer } from '../../../../agent/http/local-answer.ts';
import type { AgentFacts } from '../../../../agent/facts.ts';
import { someAgentFacts } from '../../../support/agent-facts.ts';
import { anAppReport, appName } from '../../../support/app-builders.ts';

const ask = (path: string, facts: AgentFacts = someAgentFacts(), method = 'GET'): LocalAnswer =>
  localAnswer({ method, path }, facts, () => 'figures');
const body = (answer: LocalAnswer): unknown => JSON.parse(answer.body);

t.test('localAnswer: alive is about the agent, not about the host or the coordinator', (t) => {
  const lost = someAgentFacts({ converged: false, session: null });

  t.equal(ask('/healthz', lost).status, 200);
  t.match(body(ask('/healthz', lost)), { alive: true, status: /^not connected/ });
  const stuck = ask('/healthz', someAgentFacts({ work: { healthy: false, reason: 'stuck' } }));
  t.equal(stuck.status, 503);
  t.match(body(stuck), { alive: false, reason: 'stuck' });
  t.end();
});

t.test('localAnswer: ready is converged, and says what it waits for', (t) => {
  const shop = anAppReport({ app: appName('shop'), waiting: 'pulling' });

  t.equal(ask('/readyz').status, 200);
  const waiting = ask('/readyz', someAgentFacts({ converged: false, apps: { shop } }));
  t.equal(waiting.status, 503);
  t.match(body(waiting), { converged: false, connected: true, waiting: [{ app: 'shop', waiting: 'pulling' }] });
  t.equal(ask('/readyz', someAgentFacts({ session: null })).status, 200, 'without its coordinator too');
  t.end();
});

t.test('localAnswer: metrics, other paths and other methods', (t) => {
  t.match(ask('/metrics'), { status: 200, body: 'figures', contentType: /^text\/plain; version=0.0.4/ });
  t.equal(ask('/').status, 404);
  t.equal(ask('/healthz', someAgentFacts(), 'HEAD').status, 200);
  t.equal(ask('/healthz', someAgentFacts(), 'POST').status, 405);
  t.end();
});
