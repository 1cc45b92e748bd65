/**
 * Whether every host has a release, where that is asked for: by `--require-all`, or by `require: all` of the app file. A
 * deployment leaves out hosts that are away and succeeds without them; only the exit code differs then.
 */
import { LongshoreError } from '../fleet/errors.ts';
import { hostsIn } from '../fleet/deployment-summary.ts';
import type { AppView, DeploymentView } from '../protocol/http-api/views.ts';
import { counted } from '../protocol/text/counted.ts';
import { countsOf } from '../protocol/text/deployments.ts';
import { plainText } from '../protocol/text/plain-text.ts';

/** A flag of the verbs that follow a deployment. */
export const REQUIRE_ALL = ['--require-all', 'exit 1 where a host is away or did not take it'] as const;

const MOST_NAMES = 20;

/** @throws DEPLOYMENT_INCOMPLETE, naming the hosts that a deployment which succeeded has left out */
export function requireEveryHost(view: DeploymentView, isAsked: boolean): void {
  if (view.state !== 'succeeded' || !(isAsked || view.require === 'all')) return;
  const counts = countsOf(view);
  const hosts = hostsIn(counts);
  const without = hosts - hostsIn(counts, ['passed']);
  if (without === 0) return;
  const names = view.steps
    .filter((step) => step.state !== 'passed')
    .map((step) => `${plainText(step.name)} (${step.state})`);
  throw incomplete(view.app, view.release, without, hosts, names);
}

/**
 * For a deploy that changes nothing, because the app's release is the same: hosts may still be without it.
 * @throws DEPLOYMENT_INCOMPLETE
 */
export function requireRelease({ app, release, running, hosts }: AppView): void {
  const others = running.filter((group) => group.release !== release);
  const without = others.reduce((sum, group) => sum + group.hosts, 0);
  if (release === null || without === 0) return;
  const names = others.flatMap((group) =>
    group.names.map((name) => `${plainText(name)} (${group.release === null ? 'none' : `release ${group.release}`})`),
  );
  throw incomplete(app, release, without, hosts, names);
}

function incomplete(app: string, release: number, without: number, hosts: number, names: readonly string[]): Error {
  const shown = names.slice(0, MOST_NAMES);
  const more = without > shown.length ? ` and ${without - shown.length} more` : '';
  return new LongshoreError(
    'DEPLOYMENT_INCOMPLETE',
    `${app} release ${release}: ${without} of ${counted(hosts, 'host')} did not take it: ${shown.join(', ')}${more}`,
  );
}
