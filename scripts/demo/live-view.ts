// What the demo shows until Ctrl-C: hosts and the newest deployments, painted over itself on a terminal, and only when
// something happened in a pipe.
import { setTimeout as wait } from 'node:timers/promises';
import type { ApiClient } from '../../cli/client/api-client.ts';
import type { DeploymentView, HostView } from '../../protocol/http-api/views.ts';
import { renderDeployments } from '../../protocol/text/deployments.ts';
import { renderHosts } from '../../protocol/text/hosts.ts';

const intervalMs = 1_000;

export async function liveView(api: ApiClient, footer: string, signal: AbortSignal): Promise<void> {
  const terminal = process.stdout.isTTY;
  let shown = '';
  let painted = 0;
  while (!signal.aborted) {
    const { page, state } = await look(api).catch((error: unknown) => {
      const text = `The coordinator does not answer: ${String(error)}`;
      return { page: text, state: text };
    });
    const key = terminal ? page : state;
    if (key !== shown) {
      const picture = `${page}\n\n${footer}`;
      const lines = terminal ? fitScreen(picture, process.stdout.columns, process.stdout.rows) : picture.split('\n');
      // Up over what was painted, and clear to the end of the screen.
      if (terminal && painted > 0) process.stdout.write(`\u001b[${painted}A\u001b[0J`);
      process.stdout.write(`${lines.join('\n')}\n`);
      painted = lines.length;
      shown = key;
    }
    await wait(intervalMs, undefined, { signal }).catch(() => undefined);
  }
}

/** A line that wraps, or one that scrolls away, cannot be painted over: cut to the screen; the newest lines stay. */
export function fitScreen(picture: string, columns: number, rows: number): readonly string[] {
  return picture
    .split('\n')
    .slice(-Math.max(1, rows - 1))
    .map((line) => line.slice(0, columns));
}

/** Changes with what happens, and not with ages and load, which are others at every look. */
export function stateOf(hosts: readonly HostView[], deployments: readonly DeploymentView[]): string {
  const still = hosts.map((host) => ({ ...host, metrics: null, lastSeenAt: null }));
  return `${renderHosts(still, 0)}\n\n${renderDeployments(deployments, 0)}`;
}

async function look(api: ApiClient): Promise<{ readonly page: string; readonly state: string }> {
  const now = Date.now();
  const { items: hosts } = await api.call('listHosts', { query: { limit: 100 } });
  const { items: deployments } = await api.call('listDeployments', { query: { limit: 3 } });
  return {
    page: `${renderHosts(hosts, now)}\n\n${renderDeployments(deployments, now)}`,
    state: stateOf(hosts, deployments),
  };
}
