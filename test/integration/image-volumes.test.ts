// What a plan reads of an image in the registry, over a real socket.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import type { Test } from 'tap';
import { ImageVolumes } from '../../coordinator/registry/image-volumes.ts';
import { digest } from '../support/app-builders.ts';

interface Stage {
  readonly host: string;
  readonly seen: string[];
  readonly volumes: ImageVolumes;
}

async function stage(t: Test, answers: Readonly<Record<string, unknown>>): Promise<Stage> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const path = String(request.url).replace('/v2/acme/db/', '');
    seen.push(path);
    const answer = answers[path];
    response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const client = { fetch, now: () => 0, insecure: [], timeoutMs: 10_000 };
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { host, seen, volumes: new ImageVolumes({ login: async () => null, client }) };
}

const [index, arm, amd, config] = [digest('a'), digest('b'), digest('c'), digest('d')];
const ANSWERS = {
  [`manifests/${index}`]: {
    manifests: [
      { digest: arm, platform: { os: 'linux', architecture: 'arm64' } },
      { digest: amd, platform: { os: 'linux', architecture: 'amd64' } },
    ],
  },
  [`manifests/${arm}`]: { config: { digest: digest('e') } },
  [`manifests/${amd}`]: { config: { digest: config } },
  [`blobs/${config}`]: { config: { Volumes: { '/var/lib/data': {}, '/a': {} } } },
  [`blobs/${digest('e')}`]: { config: { Volumes: null } },
};

t.test('image volumes: found below the index, for the platform, and asked for once', async (t) => {
  const { host, seen, volumes } = await stage(t, ANSWERS);
  const reference = `${host}/acme/db:1`;
  t.same(await volumes.of(reference, index, 'linux/amd64'), ['/a', '/var/lib/data']);
  t.same(seen, [`manifests/${index}`, `manifests/${amd}`, `blobs/${config}`]);
  t.same(await volumes.of(reference, index, 'linux/amd64'), ['/a', '/var/lib/data']);
  t.equal(seen.length, 3);
  t.same(await volumes.of(reference, index, null), [], 'any platform of Linux where none is named');
  t.same(await volumes.of(reference, amd, null), ['/a', '/var/lib/data'], 'an image without an index');
});

t.test('image volumes: what cannot be read is not known, and is asked for again', async (t) => {
  const { host, seen, volumes } = await stage(t, { [`manifests/${index}`]: { unexpected: true } });
  t.equal(await volumes.of(`${host}/acme/db:1`, index, null), null);
  t.equal(await volumes.of(`${host}/acme/db:1`, amd, null), null, 'not there');
  t.equal(await volumes.of(`${host}/acme/db:1`, index, null), null);
  t.equal(seen.length, 3);
});

t.test('image volumes: a registry that does not answer is left alone for a while', async (t) => {
  let asked = 0;
  const client = {
    fetch: () => {
      asked += 1;
      return Promise.reject(new Error('no route'));
    },
    now: () => 0,
    insecure: [],
    timeoutMs: 10_000,
  };
  const volumes = new ImageVolumes({ login: async () => null, client });
  t.equal(await volumes.of('reg.test/db:1', index, null), null);
  t.equal(await volumes.of('reg.test/db:2', amd, null), null);
  t.equal(asked, 1);
});
