// What a plan reads of an image in the registry, over a real socket.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import type { Test } from 'tap';
import { ImageFactsReader } from '../../coordinator/registry/image-facts.ts';
import { digest } from '../support/app-builders.ts';

interface Stage {
  readonly host: string;
  readonly seen: string[];
  readonly facts: ImageFactsReader;
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
  return { host, seen, facts: new ImageFactsReader({ login: async () => null, client }) };
}

const UNKNOWN = { volumes: null, platforms: null };
const [index, arm, amd, config] = [digest('a'), digest('b'), digest('c'), digest('d')];
const ANSWERS = {
  [`manifests/${index}`]: {
    manifests: [
      { digest: arm, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
      { digest: amd, platform: { os: 'linux', architecture: 'amd64' } },
      { digest: digest('f'), platform: { os: 'unknown', architecture: 'unknown' } },
    ],
  },
  [`manifests/${arm}`]: { config: { digest: digest('e') } },
  [`manifests/${amd}`]: { config: { digest: config } },
  [`blobs/${config}`]: { os: 'linux', architecture: 'amd64', config: { Volumes: { '/var/lib/data': {}, '/a': {} } } },
  [`blobs/${digest('e')}`]: { config: { Volumes: null } },
};

t.test('image facts: found below the index, for the platform, and asked for once', async (t) => {
  const { host, seen, facts } = await stage(t, ANSWERS);
  const reference = `${host}/acme/db:1`;
  const both = { volumes: ['/a', '/var/lib/data'], platforms: ['linux/amd64', 'linux/arm64/v8'] };
  t.same(await facts.of(reference, index, 'linux/amd64'), both);
  t.same(seen, [`manifests/${index}`, `manifests/${amd}`, `blobs/${config}`]);
  t.same(await facts.of(reference, index, 'linux/amd64'), both);
  t.equal(seen.length, 3);
  t.match(await facts.of(reference, index, null), { volumes: [] }, 'any platform of Linux where none is named');
  t.same(
    await facts.of(reference, amd, null),
    { volumes: ['/a', '/var/lib/data'], platforms: ['linux/amd64'] },
    'an image without an index',
  );
});

t.test('image facts: what cannot be read is not known, and is asked for again', async (t) => {
  const { host, seen, facts } = await stage(t, { [`manifests/${index}`]: { unexpected: true } });
  t.same(await facts.of(`${host}/acme/db:1`, index, null), UNKNOWN);
  t.same(await facts.of(`${host}/acme/db:1`, amd, null), UNKNOWN, 'not there');
  t.same(await facts.of(`${host}/acme/db:1`, index, null), UNKNOWN);
  t.equal(seen.length, 3);
});

t.test('image facts: an index names its platforms, also where a configuration below it cannot be read', async (t) => {
  const { host, seen, facts } = await stage(t, { [`manifests/${index}`]: ANSWERS[`manifests/${index}`] });
  const read = () => facts.of(`${host}/acme/db:1`, index, null);
  t.same(await read(), { volumes: null, platforms: ['linux/amd64', 'linux/arm64/v8'] });
  await read();
  t.equal(seen.length, 4, 'and it is asked for again');
});

t.test('image facts: platforms are not known where one of the index is not named', async (t) => {
  const manifests = [{ digest: amd }, { digest: arm, platform: { os: 'linux', architecture: 'arm64' } }];
  const { host, facts } = await stage(t, { ...ANSWERS, [`manifests/${index}`]: { manifests } });
  t.match(await facts.of(`${host}/acme/db:1`, index, null), { volumes: [], platforms: null });
  t.match(await facts.of(`${host}/acme/db:1`, arm, null), { platforms: null }, 'a configuration that does not say');
});

t.test('image facts: a registry that does not answer is left alone for a while', async (t) => {
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
  const facts = new ImageFactsReader({ login: async () => null, client });
  t.same(await facts.of('reg.test/db:1', index, null), UNKNOWN);
  t.same(await facts.of('reg.test/db:2', amd, null), UNKNOWN);
  t.equal(asked, 1);
});
