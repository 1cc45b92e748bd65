/** What the agent's local HTTP answers. Pure. Alive and converged are two questions with two answers. */
import type { AgentFacts } from '../facts.ts';
import { isConverged, isSettled, statusLine } from '../status-line.ts';

export interface LocalAnswer {
  readonly status: 200 | 404 | 405 | 503;
  readonly contentType: 'application/json' | 'text/plain; version=0.0.4; charset=utf-8';
  readonly body: string;
}

/** @param metrics is called only where they are asked for */
export function localAnswer(
  request: { readonly method: string; readonly path: string },
  facts: AgentFacts,
  metrics: () => string,
): LocalAnswer {
  if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { message: 'only GET is answered here' });
  switch (request.path) {
    case '/healthz':
      return facts.work.healthy
        ? json(200, { alive: true, status: statusLine(facts) })
        : json(503, { alive: false, reason: facts.work.reason });
    case '/readyz': {
      const converged = isConverged(facts);
      const waiting = Object.values(facts.apps)
        .filter((report) => !isSettled(report))
        .map(({ app, waiting }) => ({ app, waiting }));
      return json(converged ? 200 : 503, {
        converged,
        connected: facts.session?.kind === 'connected',
        status: statusLine(facts),
        waiting,
        problems: facts.problems,
      });
    }
    case '/metrics':
      return { status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8', body: metrics() };
    default:
      return json(404, { message: 'there is /healthz, /readyz and /metrics' });
  }
}

function json(status: LocalAnswer['status'], body: unknown): LocalAnswer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(body)}\n` };
}
