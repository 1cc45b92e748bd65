/** Tells how each request ended and how long it took, by the pattern of its route: paths themselves are without number. */
import type { FastifyInstance } from 'fastify';

export interface MeasuredRequest {
  readonly method: string;
  /** As `/v1/apps/{app}`; null: there is none. */
  readonly route: string | null;
  readonly status: number;
  readonly seconds: number;
}

/** Before the routes: it counts for those that follow. */
export function measureRequests(app: FastifyInstance, observe: (request: MeasuredRequest) => void): void {
  app.addHook('onResponse', (request, reply, done) => {
    const url = request.routeOptions.url ?? null;
    observe({
      method: request.method,
      route: url?.replaceAll(/:([a-z]+)/g, '{$1}') ?? null,
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1000,
    });
    done();
  });
}
