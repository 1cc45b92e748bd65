// A connection that stood idle while the program was suspended or busy may be closed by the other side: nothing that
// lives long keeps one.
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { readLayers } from '../../agent/engine/registry-client.ts';
import { openDocker } from '../../scripts/engine/open-docker.ts';

async function countingServer(t: Test, address: string | null, body: (url: string) => unknown) {
  let connections = 0;
  const server = http.createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body(request.url ?? '')));
  });
  server.on('connection', () => (connections += 1));
  t.teardown(() => server.close());
  await new Promise<void>((resolve) =>
    address === null ? server.listen(0, '127.0.0.1', resolve) : server.listen(address, resolve),
  );
  return { server, connections: () => connections };
}

t.test('kept connections: scripts and tests ask the engine over a new one each time', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'longshore-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const socketPath = path.join(folder, 'docker.sock');
  const { connections } = await countingServer(t, socketPath, () => []);
  const docker = openDocker({ socketPath });

  await docker.listContainers();
  await docker.listContainers();

  t.equal(connections(), 2);
});

t.test('kept connections: the agent asks a registry over a new one each time', async (t) => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const { server, connections } = await countingServer(t, null, (url) =>
    url.includes('/manifests/')
      ? { layers: [{ size: 1, digest }], config: { digest, size: 1 } }
      : { rootfs: { diff_ids: [digest] } },
  );
  const { port } = server.address() as { readonly port: number };
  const registry = `127.0.0.1:${port}`;

  const layers = await readLayers(
    {
      reference: { registry, repository: 'app', tag: null, digest, name: `${registry}/app` },
      digest,
      platform: 'linux/amd64',
      credential: null,
      insecure: true,
    },
    new AbortController().signal,
  );
  const before = connections();
  await layers.withDiffIds();

  t.equal(connections(), before + 1);
});
