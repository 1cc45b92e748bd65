/** Views with the fields that a test does not care about filled in. */
import type { DeploymentId, HostId } from '../../fleet/ids.ts';
import type { AppName } from '../../fleet/ids.ts';
import type { DeploymentView, EventView, HostView } from '../../protocol/http-api/views.ts';

export const aHostId = (n = 1): HostId => `h-${String(n).padStart(16, '0')}` as HostId;
export const aDeploymentId = (n = 1): DeploymentId => `d-${String(n).padStart(16, '0')}` as DeploymentId;

export function aHostView(given: Partial<HostView> = {}): HostView {
  return {
    id: aHostId(),
    name: 'quay-1',
    pool: null,
    labels: {},
    labelSources: {},
    hiddenLabels: [],
    availability: 'active',
    poweringOff: false,
    connected: true,
    converged: true,
    waiting: null,
    problems: [],
    platform: 'linux/amd64',
    agentVersion: '0.1.0',
    engineVersion: '28.0.0',
    enrolledAt: 0,
    lastSeenAt: 1_000,
    metrics: null,
    ingress: null,
    apps: [],
    ...given,
  };
}

type StepView = DeploymentView['steps'][number];

export function aStepView(given: Partial<StepView> = {}): StepView {
  return {
    host: aHostId(),
    name: 'quay-1',
    wave: 0,
    state: 'waiting',
    from: null,
    attempt: 1,
    doing: null,
    problem: null,
    changedAt: 0,
    ...given,
  };
}

export function aDeploymentView(given: Partial<DeploymentView> = {}): DeploymentView {
  return {
    id: aDeploymentId(),
    app: 'shop' as AppName,
    release: 2,
    base: 1,
    kind: 'deploy',
    state: 'rolling',
    steps: [aStepView()],
    wave: 0,
    waves: 1,
    problem: null,
    cause: { kind: 'person', token: 'ada', note: null },
    createdAt: 0,
    startedAt: 0,
    deadlineAt: null,
    endedAt: null,
    ...given,
  };
}

export function anEventView(given: Partial<EventView> = {}): EventView {
  return {
    number: 1,
    at: 0,
    occurredAt: null,
    kind: 'host.connected',
    app: null,
    host: 'quay-1',
    deployment: null,
    cause: { kind: 'coordinator', detail: 'test' },
    text: 'quay-1 connected',
    ...given,
  };
}
