/** What the page knows: folded from frames, newest view per object. Pure. */
import type { ConsoleFrame } from '../protocol/console.ts';
import type { DeploymentView, HostView } from '../protocol/http-api/views.ts';

export interface BoardState {
  readonly hosts: ReadonlyMap<string, HostView>;
  readonly deployments: ReadonlyMap<string, DeploymentView>;
}

export const EMPTY_BOARD: BoardState = { hosts: new Map(), deployments: new Map() };
const DEPLOYMENTS = 20;

export function foldFrame(state: BoardState, frame: ConsoleFrame): BoardState {
  switch (frame.kind) {
    case 'host':
      return { ...state, hosts: new Map(state.hosts).set(frame.host.id, frame.host) };
    case 'host-gone': {
      const hosts = new Map(state.hosts);
      hosts.delete(frame.host);
      return { ...state, hosts };
    }
    case 'deployment':
      return { ...state, deployments: newest(new Map(state.deployments).set(frame.deployment.id, frame.deployment)) };
    case 'welcome':
    case 'text':
    case 'completions':
    case 'event':
    case 'watching':
    case 'left-out':
    case 'chunk':
    case 'credit':
    case 'done':
    case 'refused':
      return state;
  }
}

function newest(deployments: ReadonlyMap<string, DeploymentView>): ReadonlyMap<string, DeploymentView> {
  const sorted = [...deployments].sort(([, a], [, b]) => b.createdAt - a.createdAt);
  return new Map(sorted.slice(0, DEPLOYMENTS));
}
