/**
 * Follows a deployment to its end over the console socket. The coordinator may restart meanwhile: the socket is opened
 * again, and the newest view tells all. Leaving (Ctrl-C, --timeout) leaves the deployment under way and says so.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { hasEnded } from '../fleet/deployment.ts';
import type { DeploymentState } from '../fleet/deployment.ts';
import { LongshoreError } from '../fleet/errors.ts';
import { RECONNECT, retryDelayMs } from '../fleet/retry.ts';
import { withEitherSignal } from '../fleet/with-either-signal.ts';
import { plainJson } from '../protocol/text/plain-text.ts';
import type { DeploymentView } from '../protocol/http-api/views.ts';
import { renderProblem } from '../protocol/text/problem.ts';
import type { Context } from './context.ts';
import { requireEveryHost } from './every-host.ts';
import { ProgressDisplay } from './progress/progress-display.ts';

/** Exit code by how a deployment ended. */
export const EXIT: Readonly<
  Record<Extract<DeploymentState, 'succeeded' | 'rolled_back' | 'failed' | 'cancelled' | 'superseded'>, number>
> = {
  succeeded: 0,
  failed: 1,
  rolled_back: 3,
  cancelled: 4,
  superseded: 4,
};

/** @returns the last view, ended. @throws TIMEOUT, UNREACHABLE when the coordinator stays away for two minutes */
export async function followDeployment(context: Context, first: DeploymentView): Promise<DeploymentView> {
  const display = new ProgressDisplay(context.terminal, context.now, context.json);
  const timeout = context.timeoutMs === null ? new AbortController().signal : AbortSignal.timeout(context.timeoutMs);
  display.show(first);
  try {
    if (hasEnded(first.state)) return first;
    return await withEitherSignal(context.signal, timeout, (either) => watchToEnd(context, first, display, either));
  } catch (error) {
    if (!context.signal.aborted && !timeout.aborted) throw error;
    const why = context.signal.aborted ? 'interrupted' : 'not ended within --timeout';
    throw new LongshoreError('TIMEOUT', `follow ${first.id}: ${why}; the deployment goes on`, {
      hint: `Watch it with \`longshore watch ${first.app}\`, stop it with \`longshore cancel ${first.id}\`.`,
    });
  } finally {
    display.end();
  }
}

const GIVE_UP_MS = 120_000;

async function watchToEnd(
  context: Context,
  first: DeploymentView,
  display: ProgressDisplay,
  signal: AbortSignal,
): Promise<DeploymentView> {
  let failures = 0;
  let lostAt: number | null = null;
  for (;;) {
    try {
      return await watchOnce(
        context,
        first,
        (view) => {
          failures = 0;
          lostAt = null;
          display.away(null);
          display.show(view);
        },
        signal,
      );
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof LongshoreError) || !error.retryable) throw error;
      lostAt ??= context.now();
      display.away(lostAt);
      if (context.now() - lostAt > GIVE_UP_MS) throw error;
      await wait(retryDelayMs({ ...RECONNECT, capMs: 5_000 }, failures, 0.5), undefined, { signal });
      failures += 1;
    }
  }
}

async function watchOnce(
  context: Context,
  first: DeploymentView,
  onView: (view: DeploymentView) => void,
  signal: AbortSignal,
): Promise<DeploymentView> {
  const client = await context.openConsole();
  let stop = (): void => undefined;
  try {
    return await new Promise<DeploymentView>((resolve, reject) => {
      stop = () => reject(signal.reason as Error);
      signal.addEventListener('abort', stop, { once: true });
      const call = client.call({ kind: 'watch', app: first.app, deployment: first.id }, (frame) => {
        if (frame.kind !== 'deployment') return;
        onView(frame.deployment);
        if (hasEnded(frame.deployment.state)) resolve(frame.deployment);
      });
      call.finished.then(
        () => reject(new LongshoreError('UNREACHABLE', 'the watch ended before the deployment')),
        reject,
      );
    });
  } finally {
    // One watch after the other hangs on the same signal.
    signal.removeEventListener('abort', stop);
    client.close();
  }
}

/**
 * Says how it ended, on standard error when it did not succeed.
 * @param requireAll whether it must have reached every host; `require: all` of the app file asks for it too
 * @returns the exit code
 * @throws DEPLOYMENT_INCOMPLETE
 */
export function concludeDeployment(context: Context, view: DeploymentView, requireAll = false): number {
  if (context.json) context.terminal.out(plainJson(view, 2));
  else if (view.problem !== null) context.terminal.err(renderProblem(view.problem));
  requireEveryHost(view, requireAll);
  return hasEnded(view.state) ? EXIT[view.state as keyof typeof EXIT] : 1;
}
