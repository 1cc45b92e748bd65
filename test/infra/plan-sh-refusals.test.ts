// What plan.sh refuses before Terraform plans anything: each time everything at once, exit code 2, and no plan left.
import { chmodSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import t, { type Test } from 'tap';
import { account, Desk, FLEET, NOBODY, serviceAccountKey } from './support/desk.ts';

const PRIVATE = ['-----BEGIN OPENSSH', 'PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n'].join(' ');

/** A Terraform of this version that can do nothing else. */
function fakeTerraform(desk: Desk, version: string): Readonly<Record<string, string>> {
  desk.write('bin/terraform', `#!/bin/sh\necho '{"terraform_version":"${version}"}'\n`);
  chmodSync(desk.path('bin/terraform'), 0o755);
  return { PATH: `${desk.path('bin')}:${process.env['PATH'] ?? ''}` };
}

t.test('plan.sh: names everything that is wrong at once', async (t) => {
  const desk = new Desk(t, {
    GOOGLE_OAUTH_ACCESS_TOKEN: '',
    CREDENTIALS_PATH: 'missing.json',
    PUBLIC_KEY_PATH: 'key',
    PRIVATE_KEY_PATH: 'none',
  });
  desk.with(fakeTerraform(desk, '1.2.9'));
  desk.write('key', PRIVATE);
  desk.write('.plan', 'an old one');
  desk.edit((text) => text.replace('europe-west4', 'europe-wst4').replace('count: 2', 'count: 0, min: 1'));

  const { exit, said } = await desk.plan();

  t.equal(exit, 2);
  for (const expected of [
    /check what the plan needs: 7 mistakes/,
    /terraform: is version 1\.2\.9; 1\.5\.0 or newer is needed/,
    /CREDENTIALS_PATH: \S+missing\.json does not exist/,
    /PUBLIC_KEY_PATH: \S+key is a private key/,
    /PRIVATE_KEY_PATH: \S+none does not exist/,
    /fleet\.yaml:3:9: region: "europe-wst4" is not a region of Google \(did you mean "europe-west4"\?\)/,
    /fleet\.yaml:5:17: pools\.web\.count: must be at least 1/,
    /fleet\.yaml:5:25: pools\.web\.min: .*autoscaler/,
  ])
    t.match(said, expected);
  t.notOk(said.includes('b3BlbnNzaC1'), 'nothing of the private key');
  t.notOk(desk.has('.plan'), 'an old plan does not look like a new one');
});

t.test('plan.sh: tools, files and options', async (t) => {
  const desk = new Desk(t);
  const refused = async (expected: RegExp, ...args: readonly string[]): Promise<void> => {
    const { exit, said } = await desk.plan(...args);
    t.equal(exit, 2, said);
    t.match(said, expected);
  };

  await refused(/--nope: is not an option/, '--nope');
  await refused(/none\.yaml: does not exist: cp fleet\.example\.yaml fleet\.yaml/, '--file', 'none.yaml');
  await refused(/programs: is a folder: name the fleet file in it\n/, '--file', 'programs');
  await refused(/a part of its path is a file and no folder|a file of that name is in the way/, '--dir', 'fleet.yaml');
  await refused(/apply \.plan: there is no \S+\.plan/, '--apply');
  desk.write('.plan', 'of somebody else');
  await refused(/it is not the plan that plan\.sh made last/, '--apply');
  t.ok(desk.has('.plan'));
  const node = path.dirname(process.execPath);
  desk.with({ PATH: `${node}:/usr/bin:/bin` });
  if (!hasTerraform('/usr/bin', '/bin', node)) await refused(/terraform: is not installed/);
  desk.edit((text) => text.replace('my-project-1', 'your-project-id').replace('count: 2', 'count: 2, ssh: keys'));
  await refused(/"your-project-id" is the example's[^]*PUBLIC_KEY_PATH: is not set, but pool web has `ssh: keys`/);
  desk.with({ PUBLIC_KEY_PATH: '  ' });
  await refused(/PUBLIC_KEY_PATH: is not set, but pool web has `ssh: keys`/);
});

function hasTerraform(...folders: readonly string[]): boolean {
  return folders.some((folder) => {
    try {
      return readFileSync(path.join(folder, 'terraform')).length > 0;
    } catch {
      return false;
    }
  });
}

t.test('plan.sh: what was not understood leaves no old plan of the stack that it may have been for', async (t) => {
  const desk = new Desk(t);
  const left = async (...args: readonly string[]): Promise<readonly string[]> => {
    for (const name of ['.plan', '.plan-local']) desk.write(name, 'an old one');
    await desk.plan(...args);
    return ['.plan', '.plan-local'].filter((name) => desk.has(name));
  };
  const check = async (): Promise<void> => {
    t.same(await left('--destory'), ['.plan-local']);
    t.same(await left('--stack=local', '--destory'), ['.plan']);
    t.same(await left('--stack', 'lokal'), []);
    t.same(await left('--nope', '--apply'), ['.plan', '.plan-local']);
    t.same(await left('--nope', '--help'), ['.plan', '.plan-local']);
    t.same(await left('--output=x', '--nope'), ['.plan', '.plan-local']);
  };
  await check();
  // The same where nothing but the shell is there to decide it.
  for (const name of ['bash', 'dirname', 'rm']) desk.write(`bin/${name}`, `#!/bin/sh\nexec /usr/bin/${name} "$@"\n`);
  for (const name of ['bash', 'dirname', 'rm']) chmodSync(desk.path(`bin/${name}`), 0o755);
  desk.with({ PATH: desk.path('bin') });
  t.match((await desk.plan()).said, /Node is not installed/);
  await check();
});

t.test('plan.sh: the bucket of the state must be there and keep versions', async (t) => {
  const google = await startGoogle(t);
  const desk = new Desk(
    t,
    {
      GOOGLE_OAUTH_ACCESS_TOKEN: '',
      CREDENTIALS_PATH: 'account.json',
      GOOGLE_STORAGE_CUSTOM_ENDPOINT: `${google.url}/storage/v1/`,
    },
    `${FLEET}state: { bucket: my-states }\n`,
  );
  desk.with(fakeTerraform(desk, '1.11.4'));
  desk.write('account.json', JSON.stringify(account(serviceAccountKey(), `${google.url}/token`)));
  const refused = async (expected: RegExp): Promise<void> => {
    const { exit, said } = await desk.plan();
    t.equal(exit, 2, said);
    t.match(said, expected);
    t.notOk(said.includes('the-token'));
  };

  google.answer(404, {});
  await refused(
    /gs:\/\/my-states: it does not exist[^]*gcloud storage buckets create gs:\/\/my-states --project=my-project-1/,
  );
  google.answer(200, { name: 'my-states' });
  await refused(/keeps no old versions[^]*gcloud storage buckets update gs:\/\/my-states --versioning/);
  google.answer(403, {});
  await refused(/may not be seen with these credentials \(status 403\)/);
  t.same(google.asked.slice(0, 2), [
    'POST /token',
    'GET /storage/v1/b/my-states?fields=name,versioning Bearer the-token',
  ]);

  google.answer(200, { name: 'my-states', versioning: { enabled: true } });
  desk.write('shop.gcp.tfstate', JSON.stringify({ version: 4, resources: [{}] }));
  await refused(
    /shop\.gcp\.tfstate holds a state with resources, and the bucket would begin without them[^]*init -migrate-state/,
  );

  desk.with({ HTTP_PROXY: NOBODY });
  await refused(/could not be asked for: .*127\.0\.0\.1:9/);
});

interface FakeGoogle {
  readonly url: string;
  readonly asked: readonly string[];
  readonly answer: (status: number, body: unknown) => void;
}

/** Gives out one token, and answers for one bucket. */
async function startGoogle(t: Test): Promise<FakeGoogle> {
  const asked: string[] = [];
  let bucket: { status: number; body: unknown } = { status: 500, body: {} };
  const server: Server = createServer((request, response) => {
    const { authorization } = request.headers;
    asked.push([request.method, request.url, ...(authorization === undefined ? [] : [authorization])].join(' '));
    const { status, body } = request.url === '/token' ? { status: 200, body: { access_token: 'the-token' } } : bucket;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    answer: (status, body) => {
      bucket = { status, body };
    },
  };
}
