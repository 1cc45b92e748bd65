// One deployment, as a client of the API sees it: from the call until it succeeded and every host answers with the new
// version through its ingress.
import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { ConsoleClient } from '../../cli/client/console-client.ts';
import type { AppSpec } from '../../fleet/app-spec.ts';
import { hasEnded } from '../../fleet/deployment.ts';
import type { DeploymentView } from '../../protocol/http-api/views.ts';
import { appSpec } from './app-spec.ts';
import type { BenchFleet } from './bench-fleet.ts';

export interface Deployed {
  readonly view: DeploymentView;
  /** Wall clock. */
  readonly calledAt: number;
  readonly repliedAt: number;
  readonly succeededAt: number;
  readonly answeredAt: number;
  readonly totalMs: number;
}

const pollMs = 10;
const deployMs = 120_000;

export async function deployVersion(fleet: BenchFleet, version: string): Promise<Deployed> {
  const spec = appSpec(fleet.image, version);
  const kept = new Agent({ keepAlive: true });
  try {
    const calledAt = Date.now();
    const begunAt = performance.now();
    const { deployment } = await fleet.api.call('deploy', { body: { spec } });
    const repliedAt = Date.now();
    const view = await ended(fleet, deployment);
    const succeededAt = Date.now();
    await Promise.all(fleet.urls.map((url) => answers(url, version, kept)));
    return { view, calledAt, repliedAt, succeededAt, answeredAt: Date.now(), totalMs: performance.now() - begunAt };
  } finally {
    kept.destroy();
  }
}

/** @returns when it has succeeded, without asking the app */
export async function deploySpec(fleet: BenchFleet, spec: AppSpec): Promise<DeploymentView> {
  const { deployment } = await fleet.api.call('deploy', { body: { spec } });
  return ended(fleet, deployment);
}

/** Followed over the console socket, as the command line does: asking all the time would load what is measured. */
async function ended(fleet: BenchFleet, followed: DeploymentView | null): Promise<DeploymentView> {
  if (followed === null) throw new Error('the deployment changes nothing');
  const tooLate = AbortSignal.timeout(deployMs);
  const client = await ConsoleClient.open(fleet.credentials, tooLate);
  try {
    const view = await new Promise<DeploymentView>((resolve, reject) => {
      tooLate.addEventListener('abort', () => reject(new Error(`no end after ${deployMs / 1000} s`)), { once: true });
      const call = client.call({ kind: 'watch', app: followed.app, deployment: followed.id }, (frame) => {
        if (frame.kind === 'deployment' && hasEnded(frame.deployment.state)) resolve(frame.deployment);
      });
      call.finished.then(() => reject(new Error('the watch ended before the deployment')), reject);
    });
    if (view.state === 'succeeded') return view;
    throw new Error(`the deployment ended ${view.state}: ${view.problem?.message ?? ''}`);
  } finally {
    client.close();
  }
}

async function answers(url: string, version: string, agent: Agent): Promise<void> {
  const end = performance.now() + deployMs;
  let last = '';
  while (performance.now() < end) {
    last = await versionAt(url, agent);
    if (last === version) return;
    await wait(pollMs);
  }
  throw new Error(`${url} answers with version ${last}, not ${version}`);
}

function versionAt(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const asking = request(url, { agent }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(String(answer.headers['x-version'] ?? `(status ${answer.statusCode ?? 0})`)));
    });
    asking.once('error', (error) => resolve(`(${error.message})`));
    asking.end();
  });
}
