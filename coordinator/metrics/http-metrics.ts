/** Requests by route, as the server serves them. Every route is there from the start, so that an absence is no zero. */
import { Counter, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import { ROUTES } from '../../protocol/http-api/routes.ts';
import type { MeasuredRequest } from '../http/measure-requests.ts';

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** Of Prometheus itself, which client libraries share. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Nothing is there under this path. */
const NO_ROUTE = 'none';

export class HttpMetrics {
  readonly #requests: Counter<'method' | 'route' | 'code'>;
  readonly #duration: Histogram<'method' | 'route'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({
      name: 'longshore_http_requests_total',
      help: 'HTTP requests that were answered, by route and class of status code',
      labelNames: ['method', 'route', 'code'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'longshore_http_request_duration_seconds',
      help: 'From an HTTP request to the end of its answer',
      labelNames: ['method', 'route'],
      buckets: BUCKETS,
      registers,
    });
    for (const { method, path: route } of Object.values(ROUTES)) {
      for (const code of ['2xx', '4xx', '5xx']) this.#requests.inc({ method, route, code }, 0);
      this.#duration.zero({ method, route });
    }
  }

  observe({ method: given, route, status, seconds }: MeasuredRequest): void {
    const labels = { method: METHODS.has(given) ? given : 'other', route: route ?? NO_ROUTE };
    this.#requests.inc({ ...labels, code: `${Math.trunc(status / 100)}xx` });
    this.#duration.observe(labels, seconds);
  }
}
