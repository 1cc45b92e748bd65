// The real Docker Engine, registry and base images for tests, as `scripts/engine.sh up` leaves them.
// Without them a test skips and says why; with LONGSHORE_REQUIRE_ENGINE=1 it fails instead, so that a full run cannot
// pass by having shown nothing.
import type Docker from 'dockerode';
import { openDocker } from '../../scripts/engine/open-docker.ts';

export const baseImages = {
  node: 'longshore.local/base/node:20',
  caddy: 'longshore.local/base/caddy:2',
  busybox: 'longshore.local/base/busybox:1',
} as const;

export interface TestEngine {
  readonly docker: Docker;
  /** host:port, to put before an image's name. */
  readonly registry: string;
}

export type EngineAnswer =
  { readonly engine: TestEngine; readonly skip: false } | { readonly engine: undefined; readonly skip: string };

/**
 * Usage: `const { engine, skip } = await engineForTests()` at the top of a test file, then
 * `t.test('title', { skip }, async (t) => { const { docker } = needed(engine) ... })`.
 */
export async function engineForTests(): Promise<EngineAnswer> {
  const registry = `127.0.0.1:${process.env.LONGSHORE_REGISTRY_PORT ?? '5000'}`;
  const docker = openDocker();
  const missing = await whatIsMissing(docker, registry);
  if (missing === undefined) return { engine: { docker, registry }, skip: false };
  const reason = `${missing}; "bash scripts/engine.sh up" provides it`;
  if (process.env.LONGSHORE_REQUIRE_ENGINE === '1') throw new Error(reason);
  return { engine: undefined, skip: reason };
}

/** Narrows inside of a test that is skipped when there is no engine. */
export function needed(engine: TestEngine | undefined): TestEngine {
  if (engine === undefined) throw new Error('this test needs `skip` from engineForTests()');
  return engine;
}

async function whatIsMissing(docker: Docker, registry: string): Promise<string | undefined> {
  try {
    await docker.ping();
  } catch (error) {
    return `no Docker Engine is reachable (${error instanceof Error ? error.message : String(error)})`;
  }
  try {
    const answer = await fetch(`http://${registry}/v2/`, { signal: AbortSignal.timeout(5_000) });
    if (!answer.ok) return `the registry at ${registry} answers ${answer.status}`;
  } catch {
    return `no registry answers at ${registry}`;
  }
  for (const image of Object.values(baseImages)) {
    const found = await docker
      .getImage(image)
      .inspect()
      .then(Boolean, () => false);
    if (!found) return `the base image ${image} is missing`;
  }
  return undefined;
}
