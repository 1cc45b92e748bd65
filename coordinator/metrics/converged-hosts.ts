/** Connected hosts that run what they should, as far as their agents say. */
import type { HubPort } from '../ports.ts';

export function convergedHosts(hub: Pick<HubPort, 'connectedHosts' | 'live'>): number {
  return hub.connectedHosts().filter((host) => {
    const live = hub.live(host);
    if (live?.refusal !== null || live.problems.some(({ failing }) => failing)) return false;
    return Object.values(live.apps).every((app) => app.converged);
  }).length;
}
