// How the command line finds the coordinator and whom it trusts: variables, the profile, prefixes, proxies, own authorities.
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import type { Test } from 'tap';
import { WebSocketServer } from 'ws';
import { leadingCoordinator } from '../../../cli/leading-coordinator.ts';
import { listenAsStandby } from '../../../coordinator/http/standby-server.ts';
import { profilePath, readCredentials, writeProfile } from '../../../cli/profile.ts';
import { ConsoleClient } from '../../../cli/client/console-client.ts';
import { ApiClient } from '../../../cli/client/api-client.ts';
import type { Environment } from '../../../cli/profile.ts';
import { freePort } from '../../support/free-port.ts';
import { refusal } from '../../support/refusal.ts';
import { testAuthority } from '../../support/test-authority.ts';

const authority = testAuthority(['coordinator.invalid', 'localhost']);
const never = new AbortController().signal;

function folderOf(t: Test): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'longshore-connection-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function listening(t: Test, server: http.Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A coordinator that knows its version and welcomes at its console, and which paths were asked for. */
function answering(server: http.Server): readonly string[] {
  const seen: string[] = [];
  server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
    seen.push(request.url ?? '');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ version: '9.9.9', protocol: { min: 1, max: 1 } }));
  });
  new WebSocketServer({ server }).on('connection', (socket, request) => {
    seen.push(request.url ?? '');
    socket.send(JSON.stringify({ kind: 'welcome', version: '9.9.9', role: 'viewer', name: 'vera' }));
  });
  return seen;
}

t.test('connection: of several addresses the one that leads is asked', async (t) => {
  const leader = http.createServer();
  const seen = answering(leader);
  const url = `http://127.0.0.1:${await listening(t, leader)}`;
  const port = await freePort();
  const standby = await listenAsStandby({
    listen: { host: '127.0.0.1', port },
    tls: null,
    version: 'test',
    leader: () => null,
  });
  t.teardown(() => standby.close());
  const gone = `http://127.0.0.1:${await freePort()}`;
  const LONGSHORE_URL = `${gone}, http://127.0.0.1:${port}, ${url}`;
  const given = await readCredentials({ LONGSHORE_URL, LONGSHORE_PROFILE: path.join(folderOf(t), 'none') });
  const credentials = await leadingCoordinator(given, never);
  t.equal(credentials.url, url);
  await new ApiClient({ credentials, timeoutMs: 60_000, signal: never }).call('version');
  t.same(seen, ['/readyz', '/v1/version']);

  leader.close();
  leader.closeAllConnections();
  const without = await leadingCoordinator(given, never);
  t.equal(without.url, `http://127.0.0.1:${port}`, 'where nobody leads, whoever answers says why');
  await t.rejects(
    new ApiClient({ credentials: without, timeoutMs: 60_000, signal: never }).call('version'),
    refusal('STANDBY', /another coordinator leads/),
  );
});

async function askBoth(environment: Environment): Promise<void> {
  const credentials = await readCredentials(environment);
  await new ApiClient({ credentials, timeoutMs: 60_000, signal: never }).call('version');
  (await ConsoleClient.open(credentials, never)).close();
}

t.test('profile: an empty variable counts as not set', async (t) => {
  const folder = folderOf(t);
  const environment = {
    HOME: folder,
    XDG_CONFIG_HOME: '',
    LONGSHORE_PROFILE: '',
    LONGSHORE_URL: '',
    LONGSHORE_TOKEN: '',
    LONGSHORE_TOKEN_FILE: '',
    LONGSHORE_CA: '',
  };
  t.equal(profilePath(environment), path.join(folder, '.config/longshore/profile.json'));
  t.equal(
    profilePath({ ...environment, XDG_CONFIG_HOME: 'here' }),
    path.join(folder, '.config/longshore/profile.json'),
  );
  t.equal(profilePath({ ...environment, XDG_CONFIG_HOME: '/etc/x' }), '/etc/x/longshore/profile.json');

  await writeProfile(profilePath(environment), { url: 'http://127.0.0.1:1', token: 'of the profile' });
  t.match(await readCredentials(environment), { url: 'http://127.0.0.1:1', token: 'of the profile' });

  const empty = path.join(folder, 'token');
  writeFileSync(empty, '\n');
  await t.rejects(
    readCredentials({ ...environment, LONGSHORE_TOKEN_FILE: empty }),
    refusal('CONFIG_INVALID', /it is empty/),
    'a file that is named must hold one',
  );
});

t.test('profile: only its owner may read it, whatever was left behind', async (t) => {
  const file = path.join(folderOf(t), 'longshore', 'profile.json');
  mkdirSync(path.dirname(file), { recursive: true });
  for (const name of [file, `${file}.new`]) {
    writeFileSync(name, 'old');
    chmodSync(name, 0o644);
  }

  await writeProfile(file, { url: 'http://127.0.0.1:1', token: 'x' });

  t.equal(statSync(file).mode & 0o777, 0o600);
  t.match(JSON.parse(readFileSync(file, 'utf8')), { token: 'x' });
});

t.test('cli: a coordinator below a prefix is asked there, over HTTP and at its console', async (t) => {
  const server = http.createServer();
  const seen = answering(server);
  const url = `http://127.0.0.1:${await listening(t, server)}/longshore/`;

  await askBoth({ HOME: folderOf(t), LONGSHORE_URL: url });

  t.same(seen, ['/longshore/v1/version', '/longshore/v1/console']);
});

t.test('cli: an authority of its own is trusted where it is named, and the refusal says how', async (t) => {
  const folder = folderOf(t);
  const server = https.createServer({ cert: authority.cert, key: authority.key });
  answering(server);
  const environment = { HOME: folder, LONGSHORE_URL: `https://localhost:${await listening(t, server)}` };
  const ca = path.join(folder, 'ca.pem');
  writeFileSync(ca, authority.root);

  const credentials = await readCredentials(environment);
  const said = refusal('UNREACHABLE', /its certificate is not trusted/);
  const untrusted = new ApiClient({ credentials, timeoutMs: 60_000, signal: never }).call('version');
  await t.rejects(untrusted, { ...said, problem: { hint: /--ca FILE/ } });
  await t.rejects(ConsoleClient.open(credentials, never), said);

  await askBoth({ ...environment, LONGSHORE_CA: ca });

  writeFileSync(ca, 'no certificate');
  await t.rejects(readCredentials({ ...environment, LONGSHORE_CA: ca }), refusal('CONFIG_INVALID', /no certificate/));
  await t.rejects(
    readCredentials({ ...environment, LONGSHORE_CA: path.join(folder, 'none') }),
    refusal('CONFIG_INVALID', /there is no such file/),
  );
});

t.test('cli: goes through the proxy of its environment', async (t) => {
  const folder = folderOf(t);
  const ca = path.join(folder, 'ca.pem');
  writeFileSync(ca, authority.root);
  const server = https.createServer({ cert: authority.cert, key: authority.key });
  answering(server);
  const port = await listening(t, server);
  const seen: string[] = [];
  const proxy = http.createServer();
  let refuses = false;
  proxy.on('connect', (request: http.IncomingMessage, client: Socket) => {
    seen.push(request.url ?? '');
    if (refuses) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const through = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      client.pipe(through).pipe(client);
    });
    for (const socket of [client, through]) socket.on('error', () => undefined);
  });
  const environment = {
    HOME: folder,
    LONGSHORE_URL: 'https://coordinator.invalid',
    LONGSHORE_CA: ca,
    HTTPS_PROXY: `http://ada:s3cret@127.0.0.1:${await listening(t, proxy)}`,
  };

  await askBoth(environment);
  t.same(seen, ['coordinator.invalid:443', 'coordinator.invalid:443']);

  refuses = true;
  await t.rejects(askBoth(environment), {
    ...refusal('UNREACHABLE', /^(?!.*s3cret).*407/),
    problem: { hint: /HTTPS_PROXY/ },
  });
});
