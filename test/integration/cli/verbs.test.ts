import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import t from 'tap';
import type { Test } from 'tap';
import { runProgram } from '../../../cli/program.ts';
import { createTerminal } from '../../../cli/terminal.ts';
import { FAMILIAR } from '../../../cli/wrong-use.ts';
import type { Change, Commands } from '../../../coordinator/commands.ts';
import { LongshoreError, problem } from '../../../fleet/errors.ts';
import type { DeploymentView, PlanView } from '../../../protocol/http-api/views.ts';
import { aRelease, anAppReport, anAppSpec, anInstanceReport } from '../../support/app-builders.ts';
import { testAuthority } from '../../support/test-authority.ts';
import { openApiStage } from '../../support/api-stage.ts';
import { fakeCommands } from '../../support/fake-commands.ts';
import { freePort } from '../../support/free-port.ts';
import { pollUntil } from '../../support/poll-until.ts';
import { aDeploymentView, aHostView, anEventView, aStepView } from '../../support/views.ts';

interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

interface Scene {
  readonly folder: string;
  run(
    parameters: readonly string[],
    more?: {
      input?: string;
      environment?: Record<string, string>;
      signal?: AbortSignal;
      stdout?: PassThrough;
      tty?: boolean;
    },
  ): Promise<Ran>;
}

/** The command line in this process, with streams instead of a terminal, in an empty folder. */
function scene(t: Pick<Test, 'teardown'>, environment: Record<string, string>): Scene {
  const folder = mkdtempSync(path.join(tmpdir(), 'longshore-cli-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    run: async (parameters, more = {}) => {
      const stdin = Object.assign(new PassThrough(), { isTTY: more.tty === true });
      stdin.end(more.input ?? '');
      const stdout = more.stdout ?? new PassThrough();
      const stderr = new PassThrough();
      const all = { HOME: folder, PATH: process.env.PATH ?? '', ...environment, ...more.environment };
      const exit = await runProgram(parameters, {
        terminal: createTerminal({ stdin, stdout, stderr }, all),
        environment: all,
        version: '9.9.9',
        folder,
        now: () => 60_000,
        signal: more.signal ?? new AbortController().signal,
      });
      return { exit, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
    },
  };
}

async function stage(t: Test, given: Partial<Commands>, token = 'admin'): Promise<Scene> {
  const { url } = await openApiStage(t, { commands: fakeCommands(given) });
  return scene(t, { LONGSHORE_URL: url, LONGSHORE_TOKEN: token });
}

const plan: PlanView = {
  app: 'shop' as PlanView['app'],
  base: 1,
  images: {},
  secretVersions: {},
  hosts: [],
  waves: [],
  warnings: [],
  changed: true,
  hash: 'p1',
};
const whoami: Commands['whoami'] = (actor) =>
  Promise.resolve({
    id: actor.tokenId,
    name: actor.name,
    role: actor.role,
    createdAt: 0,
    expiresAt: null,
    lastUsedAt: null,
    revokedAt: null,
  });
const APP = 'services:\n  web:\n    image: 127.0.0.1:5000/shop:1\n';

t.test('cli: prints hosts as a table and as JSON', async (t) => {
  const cli = await stage(t, { listHosts: () => Promise.resolve({ items: [aHostView()], next: null }) });

  t.match(await cli.run(['hosts']), { exit: 0, out: /HOST +CONNECTED[\s\S]*quay-1/ });
  const json = await cli.run(['hosts', '--json']);
  t.match(JSON.parse(json.out), [{ name: 'quay-1' }]);
});

t.test('cli: a token comes with the reason where there are no agents to install', async (t) => {
  const view = {
    id: 'e-1',
    kind: 'once',
    pool: null,
    labels: {},
    createdAt: 0,
    expiresAt: 1,
    uses: 0,
    revokedAt: null,
  };
  const cli = await stage(t, {
    makeEnrollToken: () => Promise.resolve({ token: 'the-token', view: view as never }),
    install: () =>
      Promise.reject(new LongshoreError('NOT_FOUND', 'no agents to install', { hint: 'npm run build:programs' })),
  });
  const ran = await cli.run(['enroll-token']);
  t.match(ran, { exit: 0, out: 'the-token\n', err: /no agents to install[^]*build:programs[^]*--enroll-token-file/ });
});

t.test('cli: a token is printed as valid where install.sh is not to be had', async (t) => {
  const view = {
    id: 'e-1',
    kind: 'once',
    pool: null,
    labels: {},
    createdAt: 0,
    expiresAt: 1,
    uses: 0,
    revokedAt: null,
  } as const;
  const hint = 'chmod a+rX /agents';
  const cli = await stage(t, {
    makeEnrollToken: () => Promise.resolve({ token: 'the-token', view }),
    install: () => Promise.reject(new LongshoreError('CONFIG_INVALID', 'read /agents/a.tar.gz: EACCES', { hint })),
  });

  const ran = await cli.run(['enroll-token']);
  t.match(ran, { exit: 0, out: 'the-token\n', err: /token is valid, but install\.sh is not available: read \/agents/ });
  t.match(ran.err, 'chmod a+rX /agents');
  t.match(ran.err, 'longshore enroll-token --revoke e-1');
});

t.test('cli: what is built counts for every service with that image', async (t) => {
  const asked: unknown[] = [];
  const cli = await stage(
    t,
    {
      whoami,
      plan: ({ images }) => {
        asked.push(images);
        return Promise.resolve(plan);
      },
    },
    'viewer',
  );
  const digest = `sha256:${'b'.repeat(64)}`;
  writeFileSync(path.join(cli.folder, 'docker'), `#!/bin/sh\necho "digest: ${digest}"\n`, { mode: 0o755 });
  writeFileSync(
    path.join(cli.folder, 'compose.yaml'),
    `services:
  web: { build: ., image: "127.0.0.1:5000/shop" }
  migrate: { image: "127.0.0.1:5000/shop:latest" }
  cache: { image: "127.0.0.1:5000/redis@sha256:${'c'.repeat(64)}" }
`,
  );

  const environment = { PATH: `${cli.folder}:/usr/bin:/bin` };
  t.match(await cli.run(['plan', '-p', 'shop'], { environment }), { exit: 0 }, 'no registry is asked: a viewer may');
  t.same(asked, [{ web: digest, migrate: digest }]);
});

t.test('cli: a viewer is refused before deploy builds or moves a tag', async (t) => {
  const cli = await stage(t, { whoami, plan: () => Promise.resolve(plan) }, 'viewer');
  const docker = `#!/bin/sh\necho "$@" >> "${cli.folder}/ran"\necho "digest: sha256:${'b'.repeat(64)}"\n`;
  writeFileSync(path.join(cli.folder, 'docker'), docker, { mode: 0o755 });
  writeFileSync(
    path.join(cli.folder, 'compose.yaml'),
    'services:\n  web: { build: ., image: "127.0.0.1:5000/shop" }\n',
  );
  const environment = { PATH: `${cli.folder}:/usr/bin:/bin` };
  const ran = () => readFileSync(path.join(cli.folder, 'ran'), 'utf8').trim().split('\n').length;

  t.match(await cli.run(['plan', '-p', 'shop', '--out', 'a.plan'], { environment }), { exit: 0 });
  const before = ran();
  for (const parameters of [
    ['deploy', '-p', 'shop'],
    ['deploy', '--plan', 'a.plan'],
  ])
    t.match(await cli.run(parameters, { environment }), { exit: 6, err: /^FORBIDDEN: .*needs operator/ });
  t.equal(ran(), before, 'docker was not called');
});

t.test('cli: removing an app says what goes and what stays, and asks, or needs --yes', async (t) => {
  const removed: unknown[] = [];
  const volume = { external: false, name: null, driver: null, driverOpts: {}, labels: {} };
  const spec = anAppSpec({ volumes: { data: volume, shared: { ...volume, external: true } } });
  const cli = await stage(t, {
    listReleases: () =>
      Promise.resolve({
        items: [{ ...aRelease({ spec }), images: {}, current: true, outcome: 'succeeded' as const }],
        next: null,
      }),
    listSecrets: (app) => Promise.resolve({ items: [{ app, name: 'db', version: 1, setAt: 0 }], next: null }),
    appHealth: (app) =>
      Promise.resolve({
        app,
        healthy: true,
        services: [],
        hosts: [
          { host: 'quay-1', connected: true, converged: true, release: 1, waiting: null },
          { host: 'quay-2', connected: false, converged: true, release: 1, waiting: null },
        ],
      }),
    removeApp: (_app, also) => {
      removed.push(also);
      return Promise.resolve();
    },
  });
  const remove = ['rm', 'shop', '--volumes'];

  const kept =
    /from quay-1, quay-2; its volumes are kept: data \(--volumes[^]*secrets of shop are kept: db \(--secrets[^]*nothing was removed[^]*--yes/;
  for (const verb of [['rm'], ['apps', 'remove']])
    t.match(await cli.run([...verb, 'shop']), { exit: 2, err: kept }, verb.join(' '));
  t.match(await cli.run(remove), { exit: 2, err: /data is lost: data, and any[^]*nothing was removed[^]*--yes/ });
  t.match(await cli.run(remove, { tty: true, input: 'no\n' }), { exit: 2, err: /lost: data,[^]*not confirmed/ });
  t.match(await cli.run(remove, { tty: true, input: '' }), { exit: 2, err: /not confirmed/ }, 'Ctrl-D');
  t.same(removed, []);

  t.match(await cli.run(remove, { tty: true, input: 'shop\n' }), {
    exit: 0,
    err: /from quay-1, quay-2/,
    out: /hosts` shows them as converged[^]*Not connected[^]*: quay-2\.[^]*Kept: secrets db/,
  });
  t.match(await cli.run(['rm', 'shop', '--yes', '--secrets']), { exit: 0, out: /Kept on the hosts: volumes data/ });
  t.same(removed, [
    { volumes: true, secrets: false },
    { volumes: false, secrets: true },
  ]);
});

t.test('cli: removing a host asks where it is connected, or needs --yes', async (t) => {
  const removed: string[] = [];
  let connected = true;
  const apps = [{ app: 'shop' as never, target: 1, report: null }];
  const cli = await stage(t, {
    getHost: () => Promise.resolve(aHostView({ connected, apps })),
    removeHost: (host) => {
      removed.push(host);
      return Promise.resolve();
    },
  });
  const remove = ['hosts', 'remove', 'quay-1'];

  t.match(await cli.run(remove), { exit: 2, err: /quay-1 is connected and runs shop[^]*drain quay-1[^]*--yes/ });
  t.match(await cli.run(remove, { tty: true, input: 'y\n' }), { exit: 2, err: /not confirmed; nothing was removed/ });
  t.same(removed, []);
  t.match(await cli.run(remove, { tty: true, input: 'quay-1\n' }), { exit: 0, out: /Removed quay-1/ });
  t.match(await cli.run([...remove, '--yes']), { exit: 0 });
  connected = false;
  t.match(await cli.run(remove), { exit: 0, out: /Removed quay-1/ }, 'one that is gone is removed without a question');
  t.same(removed, Array(3).fill(aHostView().id));
});

t.test('cli: ps shows instances with host, release, image and uptime', async (t) => {
  const digest = `sha256:${'b'.repeat(64)}`;
  const instance = { ...anInstanceReport({ release: 3, state: 'healthy' }), startedAt: 20_000 };
  const report = anAppReport({ instances: [instance, { ...instance, replica: 2, state: 'exited', detail: 'exit 1' }] });
  const app = { app: 'shop' as never, target: 3, report };
  const cli = await stage(t, {
    listHosts: () => Promise.resolve({ items: [aHostView({ connected: false, apps: [app] })], next: null }),
    listReleases: (name) =>
      name === 'shop'
        ? Promise.resolve({
            items: [
              {
                ...aRelease({ number: 3 }),
                app: name,
                images: { web: { reference: 'reg/shop:3', digest: digest as never } },
                current: true,
                outcome: 'succeeded' as const,
              },
            ],
            next: null,
          })
        : Promise.reject(new LongshoreError('NOT_FOUND', `read app ${name}: not found`)),
  });

  const { out, exit } = await cli.run(['ps', 'shop']);
  t.equal(exit, 0);
  t.match(out, /shop +web\.1 +quay-1 \(not connected\) +3 +healthy +40 s +0 +reg\/shop:3@b{12}\n/);
  t.match(out, /web\.2 .* exited +- .*exit 1/);
  t.match(await cli.run(['ps']), { exit: 0, out });
  t.match(JSON.parse((await cli.run(['ps', '--json'])).out), [
    { service: 'web', replica: 1, image: `reg/shop:3@${digest}` },
    {},
  ]);
  t.match(await cli.run(['ps', 'nope']), { exit: 2, err: /read app nope: not found/ });
});

t.test('cli: restart names the services, and is followed or left', async (t) => {
  const asked: unknown[] = [];
  const cli = await stage(t, {
    restartApp: (_app, request) => {
      asked.push(request);
      return Promise.resolve(aDeploymentView({ release: 4, base: 4, restarts: ['web'], state: 'succeeded' }));
    },
  });
  const ran = await cli.run(['restart', 'shop', 'web', '--note', 'leak', '--detach']);
  t.match(ran, { exit: 0, out: /^shop release 4 \(restart of web d-.*\): succeeded/ });
  t.match(await cli.run(['restart', 'shop']), { exit: 0, out: /restart of web in release 4/ });
  t.same(asked, [
    { services: ['web'], note: 'leak' },
    { services: [], note: null },
  ]);
});

t.test('cli: scale takes SERVICE=N', async (t) => {
  const asked: unknown[] = [];
  const cli = await stage(t, {
    scaleApp: (_app, request) => {
      asked.push(request);
      return Promise.resolve({ deployment: aDeploymentView({ state: 'succeeded' }), text: 'release 2 of shop: web=3' });
    },
  });
  t.match(await cli.run(['scale', 'shop', 'web=3', 'db=0']), { exit: 0, out: /^release 2 of shop: web=3\n/ });
  t.same(asked, [{ replicas: { web: 3, db: 0 }, note: null }]);
  for (const [words, text] of [
    [['web'], /`web` is not SERVICE=N/],
    [['web=-1'], /is not SERVICE=N/],
    [['web=1', 'web=2'], /web is named twice/],
    [['web=99999'], /10000/],
    [[], /missing required argument/],
  ] as const)
    t.match(await cli.run(['scale', 'shop', ...words]), { exit: 2, err: text });
});

t.test('cli: what is wrong is blamed on what is wrong, with a way out', async (t) => {
  const cli = await stage(t, { whoami });
  writeFileSync(path.join(cli.folder, 'compose.yaml'), APP);
  const wrong = async (parameters: readonly string[], text: RegExp) => {
    const ran = await cli.run(parameters);
    t.match(ran, { exit: 2, err: text }, parameters.join(' '));
    t.match(ran.err, /^INPUT_INVALID: [^]*\n {2}hint: /);
    t.notMatch(ran.err, /ENOENT|EISDIR/);
  };

  await wrong(['plan', '-p', 'Bad Name'], /--project: `Bad Name` is not an app name/);
  await wrong(['plan', '-f', '.'], /is a folder[^]*-f .*compose\.yaml/);
  await wrong(['login', 'http://127.0.0.1:1', '--token-file', 'nofile'], /nofile: there is no such file/);
  await wrong(['deploy', '--plan', 'nofile'], /nofile: there is no such file/);
  await wrong(['import', 'konlet', 'nofile'], /nofile: there is no such file/);
  await wrong(['exec', 'shop', 'web', 'ls', '-la'], /unknown option '-la'[^]*Put -- before[^]*longshore exec --help/);
  await wrong(['deploy', '--nope'], /unknown option '--nope'[^]*`longshore deploy --help`/);
  await wrong(['rm'], /missing required argument 'app'[^]*`longshore rm --help`/);
  await wrong(['apps', 'remove'], /missing required argument 'app'[^]*`longshore apps remove --help`/);

  const environment = { LONGSHORE_TOKEN_FILE: path.join(cli.folder, 'nofile') };
  const unread = await cli.run(['hosts'], { environment });
  t.match(unread, { exit: 2, err: /^CONFIG_INVALID: .*nofile: there is no such file/ });
});

t.test('cli: a login with a wrong token is not told to log in', async (t) => {
  const { url } = await openApiStage(t, { commands: fakeCommands({ whoami }) });
  const ran = await scene(t, {}).run(['login', url], { input: 'wrong' });
  t.match(ran, { exit: 6, err: /does not accept this token[^]*longshore tokens make/ });
  t.notMatch(ran.err, /longshore login/);

  const plain = await scene(t, {}).run(['login', url.replace('http:', 'https:')], { input: 'admin' });
  t.match(plain, { exit: 5, err: /it does not speak TLS[^]*Use http:\/\// });
  t.notMatch(plain.err, /openssl/i);

  const { cert, key } = testAuthority(['127.0.0.1']);
  const encrypted = await openApiStage(t, {
    commands: fakeCommands({ whoami }),
    tls: { cert: Buffer.from(cert), key: Buffer.from(key) },
  });
  const unencrypted = await scene(t, {}).run(['login', `http://127.0.0.1:${encrypted.port}`], { input: 'admin' });
  t.match(unencrypted, { exit: 5, err: /closed the connection unanswered[^]*Use https:\/\// });
});

t.test('cli: events of a host go on from the list without a gap', async (t) => {
  let publish: (change: Change) => void = () => undefined;
  const host = aHostView().id;
  const news = (number: number, of: string) =>
    publish({ kind: 'event', event: anEventView({ number, host: of, text: `event ${number}` }) });
  const cli = await stage(t, {
    getHost: () => Promise.resolve(aHostView()),
    listHosts: () => Promise.resolve({ items: [], next: null }),
    listDeployments: () => Promise.resolve({ items: [], next: null }),
    watch: (onChange) => {
      publish = onChange;
    },
    listEvents: () => {
      // What happens while the list is read is what used to be lost.
      news(2, host);
      news(3, 'h-other');
      news(4, host);
      return Promise.resolve({ items: [anEventView({ number: 1, host, text: 'event 1' })], next: null });
    },
  });
  const stop = new AbortController();
  const stdout = new PassThrough();
  let shown = '';
  stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    if (shown.includes('event 4')) stop.abort();
  });

  t.match(await cli.run(['events', '-f', '--host', 'quay-1'], { signal: stop.signal, stdout }), { exit: 0 });
  t.same(shown.match(/event \d/g), ['event 1', 'event 2', 'event 4']);
});

t.test('cli: labels change only what is named, and a host shows who says each', async (t) => {
  const patches: unknown[] = [];
  const cli = await stage(t, {
    patchHost: (_host, patch) => {
      patches.push(patch);
      return Promise.resolve(
        aHostView({
          labels: { zone: 'a', rack: '1' },
          labelSources: { zone: 'operator', rack: 'agent' },
          hiddenLabels: ['disk'],
        }),
      );
    },
  });

  const ran = await cli.run(['hosts', 'label', 'quay-1', 'zone=a', 'disk=', '--inherit', 'tier', '--note', 'moved']);
  t.match(ran, { exit: 0, out: /zone=a \(operator\), rack=1 \(agent\), no disk \(operator\)/ });
  t.same(patches, [{ labels: { zone: 'a', disk: null }, inheritLabels: ['tier'], note: 'moved' }]);
  t.match(await cli.run(['hosts', 'label', 'quay-1']), { exit: 2, err: /there is no label to change/ });
  t.match(await cli.run(['hosts', 'label', 'quay-1', 'zone']), { exit: 2, err: /is not KEY=VALUE/ });
});

t.test('cli: says where a list of the newest goes on', async (t) => {
  const cli = await stage(t, {
    listEvents: () => Promise.resolve({ items: [anEventView()], next: '1' }),
    listDeployments: () => Promise.resolve({ items: [aDeploymentView()], next: null }),
  });

  t.match(await cli.run(['events', '-n', '1']), { out: /\nThe newest 1; more with --limit/ });
  t.same(JSON.parse((await cli.run(['events', '-n', '1', '--json'])).out), [anEventView()]);
  t.notMatch((await cli.run(['deployments'])).out, /more with/);
});

t.test('cli: reads every page of a list', async (t) => {
  const cli = await stage(t, {
    listHosts: (query) =>
      Promise.resolve(
        query.cursor === undefined
          ? { items: [aHostView({ name: 'a' })], next: 'more' }
          : { items: [aHostView({ name: 'b' })], next: null },
      ),
  });

  t.match(await cli.run(['hosts']), { out: /a [\s\S]*b / });
});

t.test('cli: exit 2 for wrong use, with what to do', async (t) => {
  const cli = await stage(t, {});

  t.match(await cli.run(['hosst']), { exit: 2, err: /Did you mean hosts/ });
  t.match(await cli.run(['destroy', 'shop']), { exit: 2, err: /^INPUT_INVALID: unknown command 'destroy'\n.*rm APP/ });
  t.match(await cli.run(['help', 'deplyo']), { exit: 2, out: '', err: /unknown command 'deplyo'/ });
  t.match(await cli.run(['help', 'secrets', 'set']), { exit: 0, out: /Usage: longshore secrets set/ });
  t.match(await cli.run(['tokens', 'create', 'bob']), {
    exit: 2,
    err: /unknown command 'create'[^]*list, make, revoke/,
  });
  t.match(await cli.run(['hosts', 'rm', 'quay-1']), { exit: 2, err: /unknown command 'rm'[^]*remove, adopt, label/ });
  t.match(await cli.run(['deploy', 'shop']), { exit: 2, err: /too many arguments[^]*-f FILE/ });
  t.match(await cli.run(['rollback', 'shop', 'v1']), { exit: 2, err: /argument 'release': 'v1' is invalid\. Write/ });
  for (const verb of new Set(Object.values(FAMILIAR)))
    t.match(await cli.run(['help', verb.split(' ')[0] ?? '']), { exit: 0 }, verb);
  t.match(await cli.run(['-v']), { exit: 2, err: /longshore --version/ });
  t.match(await cli.run(['hosts', '--colour']), { exit: 2, err: /unknown option '--colour'/ });
  t.match(await cli.run(['events', '-n', '0']), { exit: 2, err: /from 1 to 500/ });
  t.match(await cli.run(['events', '-n', '501', '-f']), { exit: 2, err: /from 1 to 500, or 0 with --follow/ });
  t.match(await cli.run(['deploy', '--timeout', 'soon']), { exit: 2, err: /30s, 5m or 1h/ });
  t.match(await cli.run(['rollback', 'NOT OK']), { exit: 2, err: /INPUT_INVALID[\s\S]*hint:/ });
  t.match(await cli.run(['deploy']), { exit: 2, err: /there is no compose\.yaml/ });
  t.match(await cli.run(['--help']), { exit: 0, out: /Exit codes/ });
});

t.test('cli: exit 5 when nobody answers, 6 when it is not allowed', async (t) => {
  const nobody = scene(t, { LONGSHORE_URL: 'http://127.0.0.1:9', LONGSHORE_TOKEN: 'x' });
  const viewer = await stage(t, {}, 'viewer');
  const stranger = await stage(t, {}, 'nobody');
  const homeless = scene(t, {});

  t.match(await nobody.run(['hosts']), {
    exit: 5,
    err: /UNREACHABLE: reach the coordinator at http:\/\/127\.0\.0\.1:9/,
  });
  t.match(await nobody.run(['console']), { exit: 5 });
  t.match(await viewer.run(['tokens']), { exit: 6, err: /needs admin/ });
  t.match(await stranger.run(['hosts']), { exit: 6, err: /UNAUTHENTICATED/ });
  t.match(await homeless.run(['hosts']), { exit: 2, err: /longshore login/ });
});

t.test('cli: shows every mistake of the app file with its place, and asks nobody', async (t) => {
  const cli = scene(t, {});
  writeFileSync(path.join(cli.folder, 'compose.yaml'), 'services:\n  web:\n    imagee: x\n    ports: 7\n');

  t.match(await cli.run(['deploy']), { exit: 2, err: /compose\.yaml[\s\S]*line 3[\s\S]*line 4/ });
});

t.test('cli: init writes a file that plans, and never overwrites', async (t) => {
  const cli = await stage(t, { whoami, plan: () => Promise.resolve(plan) });

  t.match(await cli.run(['init']), { exit: 0, out: /Wrote/ });
  const written = readFileSync(path.join(cli.folder, 'compose.yaml'), 'utf8');
  t.match(await cli.run(['init']), { exit: 2, err: /exists already/ });
  t.match(await cli.run(['init', cli.folder]), { exit: 2, err: `write ${cli.folder}/compose.yaml: it exists already` });
  t.match(await cli.run(['init', 'new/shop']), { exit: 0, out: /new\/shop\/compose\.yaml/ });
  t.match(await cli.run(['init', 'new/shop']), { exit: 2, err: /exists already/ });
  t.match(await cli.run(['init', 'compose.yaml']), { exit: 2, err: /compose\.yaml: it is not a folder/ });
  t.equal(readFileSync(path.join(cli.folder, 'compose.yaml'), 'utf8'), written);
  t.match(await cli.run(['plan', '--no-build', '-p', 'shop']), { exit: 0, out: /Plan for shop/ });
});

t.test('cli: plan exits 2 with changes when asked, and saves a plan that deploy applies by its hash', async (t) => {
  let asked: unknown = null;
  const cli = await stage(t, {
    whoami,
    plan: () => Promise.resolve(plan),
    deploy: (request) => {
      asked = request.planHash;
      return Promise.reject(new LongshoreError('PLAN_STALE', 'the world has moved'));
    },
  });
  writeFileSync(path.join(cli.folder, 'compose.yaml'), APP);
  const file = path.join(cli.folder, 'shop.plan');

  t.match(await cli.run(['plan', '-p', 'shop', '--detailed-exitcode', '--out', file]), { exit: 2 });
  t.equal(statSync(file).mode & 0o777, 0o600, 'it holds environment values: for its owner only');
  t.match(await cli.run(['deploy', '--plan', file]), { exit: 2, err: /PLAN_STALE/ });
  t.equal(asked, 'p1');
  t.match(await cli.run(['deploy', '--plan', file, '-f', 'compose.yaml']), { exit: 2, err: /do not go together/ });
  writeFileSync(file, '{"longshorePlan":1}');
  t.match(await cli.run(['deploy', '--plan', file]), { exit: 2, err: /not a saved plan/ });
});

t.test(
  'cli: a plan is saved for its owner alone, and where it cannot be is told before anything is built',
  async (t) => {
    let planned = 0;
    const cli = await stage(t, {
      whoami,
      plan: () => {
        planned += 1;
        return Promise.resolve(plan);
      },
    });
    writeFileSync(path.join(cli.folder, 'compose.yaml'), APP);
    const out = (file: string) => cli.run(['plan', '-p', 'shop', '--out', file]);

    t.match(await out('.'), { exit: 2, err: /INPUT_INVALID: save the plan to .*: it is a folder/ });
    t.match(await out('none/shop.plan'), { exit: 2, err: /there is no folder .*none/ });
    t.match(await out('compose.yaml/shop.plan'), { exit: 2, err: /compose\.yaml is not a folder/ });
    t.equal(planned, 0);

    const file = path.join(cli.folder, 'shop.plan');
    writeFileSync(file, 'old', { mode: 0o644 });
    t.match(await out('shop.plan'), { exit: 0 });
    t.equal(statSync(file).mode & 0o777, 0o600);
    t.match(JSON.parse(readFileSync(file, 'utf8')), { plan: { hash: 'p1' } });
  },
);

t.test('cli: with --detailed-exitcode 2 means changes and nothing else', async (t) => {
  const cli = await stage(t, { whoami, plan: () => Promise.resolve({ ...plan, changed: false }) });
  const detailed = (...more: readonly string[]) => cli.run(['plan', '-p', 'shop', '--detailed-exitcode', ...more]);

  t.match(await detailed(), { exit: 1, err: /there is no compose\.yaml/ });
  t.match(await detailed('--colour'), { exit: 1, err: /unknown option/ });
  writeFileSync(path.join(cli.folder, 'compose.yaml'), APP);
  t.match(await detailed('--url', 'http://127.0.0.1:9'), { exit: 1, err: /UNREACHABLE/ });
  t.match(await detailed(), { exit: 0 });
});

t.test('cli: --url with a password is refused, and the password is not repeated', async (t) => {
  const cli = scene(t, { LONGSHORE_TOKEN: 'x' });

  for (const parameters of [
    ['hosts', '--url', 'http://ada:s3cret@127.0.0.1:9'],
    ['login', 'http://ada:s3cret@127.0.0.1:9'],
  ]) {
    const ran = await cli.run(parameters);
    t.match(ran, { exit: 2, err: /INPUT_INVALID: .*127\.0\.0\.1:9 holds a user name or a password/ });
    t.notMatch(ran.out + ran.err, /s3cret/);
  }
  const ran = await cli.run(['hosts'], { environment: { LONGSHORE_URL: 'http://ada:s3cret@127.0.0.1:9' } });
  t.match(ran, { exit: 2, err: /CONFIG_INVALID/ });
  t.notMatch(ran.err, /s3cret/);
  t.match(await cli.run(['hosts', '--url', '']), { exit: 2, err: /not an http\(s\) URL/ });
  t.match(await cli.run(['hosts', '--url', 'http://127.0.0.1:9', '--ca', '']), { exit: 2, err: /names no file/ });
});

t.test('cli: an empty value is stored only where that is meant', async (t) => {
  const stored: string[] = [];
  const cli = await stage(t, {
    setSecret: (app, name, value) => {
      stored.push(value);
      return Promise.resolve({ app, name, version: 1, setAt: 0 });
    },
  });
  writeFileSync(path.join(cli.folder, 'empty'), '\n');

  t.match(await cli.run(['secrets', 'set', 'shop', 'x']), { exit: 2, err: /it is empty[\s\S]*--allow-empty/ });
  t.match(await cli.run(['secrets', 'set', 'shop', 'x'], { input: '\n' }), { exit: 2 });
  t.match(await cli.run(['secrets', 'set', 'shop', 'x', '--file', 'empty']), { exit: 2 });
  t.match(await cli.run(['secrets', 'registry', 'r:5000', '-u', 'ada']), {
    exit: 2,
    err: /password of ada .* is empty/,
  });
  t.match(await cli.run(['login', 'http://127.0.0.1:9']), { exit: 2, err: /token for .* is empty/ });
  t.same(stored, []);
  t.match(await cli.run(['secrets', 'set', 'shop', 'x', '--allow-empty']), { exit: 0 });
  t.same(stored, ['']);
});

const endings = [
  { state: 'succeeded', exit: 0 },
  { state: 'failed', exit: 1 },
  { state: 'rolled_back', exit: 3 },
  { state: 'cancelled', exit: 4 },
  { state: 'superseded', exit: 4 },
] as const;

for (const ending of endings) {
  t.test(`cli: deploy follows to ${ending.state} and exits ${ending.exit}`, async (t) => {
    const first = aDeploymentView({ state: 'rolling', steps: [aStepView({ state: 'moving' })] });
    const last: DeploymentView = {
      ...first,
      state: ending.state,
      steps: [aStepView({ state: 'passed' })],
      problem: ending.exit === 0 ? null : problem('NEVER_HEALTHY', 'web on quay-1 never answered'),
    };
    const cli = await stage(t, {
      whoami,
      deploy: () => Promise.resolve({ deployment: first, plan }),
      listHosts: () => Promise.resolve({ items: [], next: null }),
      getDeployment: () => Promise.resolve(first),
      watch: (onChange: (change: Change) => void) =>
        setImmediate(() => onChange({ kind: 'deployment', deployment: last })),
    });
    writeFileSync(path.join(cli.folder, 'compose.yaml'), APP);

    const ran = await cli.run(['deploy', '-p', 'shop']);

    t.equal(ran.exit, ending.exit);
    t.match(ran.out, `${ending.state}: `);
    t.equal(ran.err.includes('NEVER_HEALTHY: web on quay-1 never answered'), ending.exit !== 0);
  });
}

t.test(
  'cli: --require-all makes a host that is away an exit code of 1, also where nothing is left to deploy',
  async (t) => {
    const steps = [aStepView({ state: 'passed' }), aStepView({ name: 'quay-2', state: 'offline' })];
    const ended = aDeploymentView({ state: 'succeeded', steps });
    const running = [
      { release: 1, hosts: 1, names: [] },
      { release: null, hosts: 1, names: ['quay-2'] },
    ];
    let deployment: DeploymentView | null = ended;
    const cli = await stage(t, {
      whoami,
      deploy: () => Promise.resolve({ deployment, plan }),
      getApp: () =>
        Promise.resolve({
          ...{ app: ended.app, release: 1, hosts: 2, converged: 1, healthy: true, running },
          ...{ deployment: null, urls: [], schedule: null, quarantined: [] },
        }),
    });
    writeFileSync(path.join(cli.folder, 'compose.yaml'), APP);
    const deploy = (...more: readonly string[]) => cli.run(['deploy', '-p', 'shop', ...more]);

    t.match(await deploy(), { exit: 0 });
    const ran = await deploy('--require-all');
    t.match(ran, { exit: 1, err: /DEPLOYMENT_INCOMPLETE: .*1 of 2 hosts did not take it: quay-2 \(offline\)/ });
    t.match(await deploy('--require-all', '--detach'), { exit: 2, err: /cannot be used with/ });

    deployment = null;
    t.match(await deploy(), { exit: 0 });
    t.match(await deploy('--require-all'), { exit: 1, err: /1 of 2 hosts did not take it: quay-2 \(none\)/ });
    writeFileSync(path.join(cli.folder, 'compose.yaml'), `${APP}x-longshore: { require: all }\n`);
    t.match(await deploy(), { exit: 1 });
  },
);

t.test('cli: --timeout leaves the deployment under way and says how to go on', async (t) => {
  const rolling = aDeploymentView();
  const cli = await stage(t, {
    getApp: () =>
      Promise.resolve({
        app: rolling.app,
        release: 1,
        hosts: 1,
        converged: 0,
        healthy: true,
        deployment: rolling,
        urls: [],
        schedule: null,
        running: [],
        quarantined: [],
      }),
    listHosts: () => Promise.resolve({ items: [], next: null }),
    getDeployment: () => Promise.resolve(rolling),
    watch: () => undefined,
  });

  // It holds for the question before the watch as well, which has to be answered.
  t.match(await cli.run(['watch', 'shop', '--timeout', '2s']), {
    exit: 1,
    err: /TIMEOUT[\s\S]*goes on[\s\S]*longshore cancel d-/,
  });
});

t.test('cli: a deployment is followed over a restart of the coordinator', async (t) => {
  const rolling = aDeploymentView({ steps: [aStepView({ state: 'moving' })] });
  const ended: DeploymentView = { ...rolling, state: 'succeeded' };
  let view = rolling;
  let watching = false;
  const commands = fakeCommands({
    getDeployment: () => Promise.resolve(view),
    listHosts: () => Promise.resolve({ items: [], next: null }),
    watch: () => {
      watching = true;
    },
  });
  // Not one of those that the next connection of anybody may get while nobody listens.
  const first = await openApiStage(t, { commands, port: await freePort() });
  const cli = scene(t, { LONGSHORE_URL: first.url, LONGSHORE_TOKEN: 'admin' });

  const running = cli.run(['watch', rolling.id]);
  await pollUntil(
    async () => watching,
    (now) => now,
  );
  await first.close();
  view = ended;
  await openApiStage(t, { commands, port: first.port });

  t.match(await running, { exit: 0, out: /succeeded/, err: /does not answer; trying again[\s\S]*answers again/ });
});

t.test('cli: --timeout holds also where the coordinator takes the connection and never answers', async (t) => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.teardown(() => silent.close());
  const { port } = silent.address() as AddressInfo;
  const cli = scene(t, { LONGSHORE_URL: `http://127.0.0.1:${port}`, LONGSHORE_TOKEN: 'x' });

  t.match(await cli.run(['hosts', '--timeout', '200ms']), { exit: 5, err: /UNREACHABLE/ });
  t.match(await cli.run(['--version']), { exit: 0, out: 'longshore 9.9.9\n' });
});

t.test('cli: login keeps the token for its owner, and only for that coordinator', async (t) => {
  const { url } = await openApiStage(t, {
    commands: fakeCommands({ whoami, listHosts: () => Promise.resolve({ items: [], next: null }) }),
  });
  const other = await openApiStage(t, { commands: fakeCommands({}) });
  const cli = scene(t, {});

  t.match(await cli.run(['login', url], { input: 'nobody\n' }), { exit: 6 });
  t.match(await cli.run(['login', url], { input: 'operator\n' }), { exit: 0, out: /olaf \(operator\)/ });
  const file = path.join(cli.folder, '.config/longshore/profile.json');
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.match(await cli.run(['hosts']), { exit: 0 });
  t.match(
    await cli.run(['hosts'], { environment: { LONGSHORE_URL: other.url } }),
    { exit: 6, err: /no API token/ },
    'it is not sent elsewhere',
  );
});

t.test('cli: a secret comes from standard input, and its value is never printed', async (t) => {
  let stored = '';
  const cli = await stage(t, {
    setSecret: (app, name, value) => {
      stored = value;
      return Promise.resolve({ app, name, version: 3, setAt: 0 });
    },
  });

  const ran = await cli.run(['secrets', 'set', 'shop', 'db-password'], { input: 'correct horse\n' });

  t.match(ran, { exit: 0, out: /version 3/ });
  t.equal(stored, 'correct horse');
  t.notMatch(ran.out + ran.err, /horse/);

  const named = await cli.run(['secrets', 'set', 'shop', 'key=horse'], { input: 'x' });
  t.match(named, { exit: 2, err: /^INPUT_INVALID: [^]*Leave out = and the value/ });
  t.notMatch(named.out + named.err, /horse/);
});

t.test('cli: logs prefix every line with host and service', async (t) => {
  const cli = await stage(t, {
    logs: async (_request, sink) => {
      await sink.chunk({ host: 'quay-1', service: 'web', instance: 'i-1' }, 1, Buffer.from('one\ntw'));
      await sink.chunk({ host: 'quay-1', service: 'web', instance: 'i-1' }, 1, Buffer.from('o\n'));
    },
  });

  t.same(await cli.run(['logs', 'shop']), { exit: 0, out: 'quay-1/web | one\nquay-1/web | two\n', err: '' });
});

t.test('cli: exec ends with the exit code of the command', async (t) => {
  const cli = await stage(t, {
    exec: async (request, _actor, sink) => {
      await sink.chunk(null, 1, Buffer.from(request.command.join(' ')));
      return {
        exit: Promise.resolve(42),
        write: () => Promise.resolve(),
        end: () => undefined,
        resize: () => undefined,
      };
    },
  });

  t.match(await cli.run(['exec', 'shop', 'web', '--', 'ls', '-l', '--json']), { exit: 42, out: 'ls -l --json' });
});

t.test('cli: exec -n leaves standard input to whoever reads it next', async (t) => {
  const written: string[] = [];
  const cli = await stage(t, {
    exec: async () => {
      let end = (): void => undefined;
      const exit = new Promise<number>((resolve) => (end = () => resolve(0)));
      return {
        exit,
        write: async (data) => void written.push(Buffer.from(data).toString()),
        end: () => end(),
        resize: () => undefined,
      };
    },
  });
  const command = ['shop', 'web', '--', 'cat'];

  t.match(
    await cli.run(['exec', '-n', ...command], { input: 'next host\n' }),
    { exit: 0 },
    'its input has ended at once',
  );
  t.same(written, []);
  t.match(await cli.run(['exec', '-i', ...command], { input: 'for cat\n' }), { exit: 0 });
  t.same(written, ['for cat\n']);
  t.match(await cli.run(['exec', '-n', '-i', ...command]), { exit: 2, err: /exclude each other/ });
});

t.test('cli: console runs piped lines and ends with the state of the last', async (t) => {
  const cli = await stage(t, { listHosts: () => Promise.resolve({ items: [aHostView()], next: null }) });

  t.match(await cli.run(['console'], { input: 'hosts\n' }), { exit: 0, out: /quay-1/ });
  t.match(await cli.run(['console'], { input: 'dance\n' }), { exit: 1, err: /no verb `dance`/ });
});

t.test('cli: doctor tells what is wrong and exits 1', async (t) => {
  const cli = await stage(t, {
    whoami,
    doctor: () => Promise.resolve({ checks: [{ name: 'store', ok: false, text: 'slow disk' }] }),
  });

  t.match(await cli.run(['doctor']), {
    exit: 1,
    out: /ok {3}token: ada \(admin\)\nBAD {2}store: slow disk\nok {3}console/,
  });
  t.match(await scene(t, {}).run(['doctor']), { exit: 1, out: /BAD {2}profile/ });
});

t.test('cli: doctor --confirm-restore goes on from restored data, with a note', async (t) => {
  const notes: (string | null)[] = [];
  const cli = await stage(t, {
    confirmRestore: (note) => {
      notes.push(note);
      return Promise.resolve({ epoch: 4 });
    },
  });

  t.match(await cli.run(['doctor', '--confirm-restore', '--note', 'disk died']), { exit: 0, out: /epoch 4/ });
  t.same(JSON.parse((await cli.run(['doctor', '--confirm-restore', '--json'])).out), { epoch: 4 });
  t.same(notes, ['disk died', null]);
});
