/** The built page over a real server with a fleet that a test can change. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Test } from 'tap';
import type { Change } from '../../coordinator/commands.ts';
import { readWebFiles } from '../../coordinator/http/web-files.ts';
import { problem } from '../../fleet/errors.ts';
import { buildWeb } from '../../scripts/build/web.ts';
import { openApiStage } from './api-stage.ts';
import { fakeCommands } from './fake-commands.ts';
import { aDeploymentId, aDeploymentView, aHostId, aHostView, aStepView } from './views.ts';

export async function openWebStage(
  test: Pick<Test, 'teardown'>,
): Promise<{ url: string; publish: (change: Change) => void }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'longshore-web-'));
  test.teardown(() => rmSync(folder, { recursive: true, force: true }));
  await buildWeb(folder);
  const listeners: ((change: Change) => void)[] = [];
  const hosts = [
    aHostView({ name: 'quay-1', apps: [] }),
    aHostView({
      id: aHostId(2),
      name: 'quay-2',
      connected: false,
      converged: false,
      waiting: 'not connected since 10 min',
      lastSeenAt: Date.now() - 600_000,
    }),
    aHostView({ id: aHostId(3), name: '<img src=x onerror=alert(1)>', availability: 'draining' }),
  ];
  const rolling = aDeploymentView({
    waves: 2,
    createdAt: Date.now() - 5_000,
    startedAt: Date.now() - 5_000,
    steps: [
      aStepView({ state: 'passed' }),
      aStepView({ host: aHostId(2), name: 'quay-2', wave: 1, state: 'moving', doing: 'pulling web 3/7 layers' }),
    ],
  });
  const rolledBack = aDeploymentView({
    id: aDeploymentId(2),
    state: 'rolled_back',
    createdAt: Date.now() - 900_000,
    startedAt: Date.now() - 900_000,
    endedAt: Date.now() - 880_000,
    problem: problem('NEVER_HEALTHY', 'web on quay-1: GET /healthz answered 503 for 30 s'),
  });
  const { url } = await openApiStage(test, {
    webFiles: await readWebFiles(folder),
    commands: fakeCommands({
      listHosts: () => Promise.resolve({ items: hosts, next: null }),
      listDeployments: () => Promise.resolve({ items: [rolling, rolledBack], next: null }),
      getDeployment: () => Promise.resolve(rolling),
      listApps: () =>
        Promise.resolve({
          items: [
            {
              app: rolling.app,
              release: 1,
              hosts: 3,
              converged: 2,
              healthy: true,
              deployment: rolling,
              urls: ['http://127.0.0.1:8081/', 'javascript:alert(1)'],
              schedule: '0 * * * *',
              running: [
                { release: 1, hosts: 2, names: [] },
                { release: 2, hosts: 1, names: ['quay-2'] },
              ],
              quarantined: [],
            },
          ],
          next: null,
        }),
      watch: (onChange) => {
        listeners.push(onChange);
      },
    }),
  });
  return { url, publish: (change) => listeners.forEach((listener) => listener(change)) };
}
