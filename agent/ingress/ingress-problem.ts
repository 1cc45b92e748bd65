/** What went wrong with the ingress, as people get to read it. */
import { LongshoreError, type Problem } from '../../fleet/errors.ts';

export function configurationRefused(body: string): LongshoreError {
  return new LongshoreError('INGRESS_REFUSED', `load the configuration of the ingress: ${body.trim()}`);
}

export function toProblem(error: unknown): Problem {
  if (error instanceof LongshoreError) return error.problem;
  const reason = error instanceof Error ? error.message : String(error);
  return new LongshoreError('INGRESS_UNAVAILABLE', `keep the ingress running: ${reason}`, { cause: error }).problem;
}
