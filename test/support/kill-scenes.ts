/**
 * Scenes for killing the agent at every action: each has a state before, one change, and what must hold at its end.
 * Together they come to every kind of action (a test says which kind nobody comes to), on the fake and the real engine.
 */
import type { AssignmentEntry } from '../../fleet/assignment.ts';
import { aRunEntry, ROUTE, type TestEntry } from './agent-entries.ts';
import { appName } from './app-builders.ts';

export interface KillScene {
  readonly name: string;
  readonly before: readonly AssignmentEntry[];
  readonly change: readonly AssignmentEntry[];
  /** Versions of each service that run at the end; nothing else of the app is left. */
  readonly end: Readonly<Record<string, string>>;
  readonly verdict: 'passed' | 'failed' | 'removed';
  /** Services that must not be without a serving instance at any moment. */
  readonly alwaysServing: readonly string[];
  /** Addresses that other people's containers hold when the change begins. */
  readonly strangers?: readonly string[];
}

const app = (release: number, services: TestEntry['services'], fields: Partial<TestEntry> = {}): AssignmentEntry =>
  aRunEntry({ app: 'web', release, services, ...fields });

const DATA = [{ kind: 'volume', volume: 'data', target: '/data', readOnly: false }] as const;
const CONFIGS = { configs: [{ config: 'motd', target: '/etc/motd', uid: null, gid: null, mode: null }] } as const;

/** Two services: one reached through the ingress, one behind it by its name. */
const pair = (web: string, db: string): TestEntry['services'] => ({
  web: { version: web, ingress: ROUTE, dependsOn: { db: 'healthy' } },
  db: { version: db },
});

const PORT = [{ container: 8080, host: 7_650, hostIp: null, protocol: 'tcp' }] as const;

const stopFirst = (version: string): TestEntry['services'] => ({
  web: { version, order: 'stop-first', mounts: DATA, ingress: ROUTE, ...CONFIGS },
});

/** @param broken letter of a version that never gets healthy */
export function killScenes(broken: string): readonly KillScene[] {
  return [
    {
      name: 'first deployment',
      before: [],
      change: [app(1, stopFirst('a'), { volumes: ['data'] })],
      end: { web: 'a' },
      verdict: 'passed',
      alwaysServing: [],
    },
    {
      name: 'start-first swap of two services',
      before: [app(1, pair('a', 'a'))],
      change: [app(2, pair('b', 'b'))],
      end: { web: 'b', db: 'b' },
      verdict: 'passed',
      alwaysServing: ['web', 'db'],
    },
    {
      name: 'stop-first swap',
      before: [app(1, stopFirst('a'), { volumes: ['data'] })],
      change: [app(2, stopFirst('b'), { volumes: ['data'] })],
      end: { web: 'b' },
      verdict: 'passed',
      alwaysServing: [],
    },
    {
      name: 'start-first swap that fails',
      before: [app(1, pair('a', 'a'))],
      change: [app(2, pair(broken, 'b'))],
      end: { web: 'a', db: 'a' },
      verdict: 'failed',
      alwaysServing: ['web', 'db'],
    },
    {
      name: 'stop-first swap that fails',
      before: [app(1, stopFirst('a'), { volumes: ['data'] })],
      change: [app(2, stopFirst(broken), { volumes: ['data'] })],
      end: { web: 'a' },
      verdict: 'failed',
      alwaysServing: [],
    },
    {
      name: 'start-first swap whose spare address is taken',
      before: [app(1, { web: { version: 'a', ingress: ROUTE } })],
      change: [app(2, { web: { version: 'b', ingress: ROUTE } })],
      end: { web: 'b' },
      verdict: 'passed',
      alwaysServing: ['web'],
      strangers: ['10.213.0.3'],
    },
    {
      name: 'host port that moves to another service, which fails',
      before: [app(1, { web: { version: 'a', order: 'stop-first', ports: PORT } })],
      change: [app(2, { front: { version: broken, order: 'stop-first', ports: PORT } })],
      end: { web: 'a' },
      verdict: 'failed',
      alwaysServing: [],
    },
    {
      name: 'removal with volumes',
      before: [app(1, stopFirst('a'), { volumes: ['data'] })],
      change: [{ kind: 'remove', app: appName('web'), volumes: true }],
      end: {},
      verdict: 'removed',
      alwaysServing: [],
    },
  ];
}
