// What a server says after it listens (no file handles are left) ends no process.
import { mkdtempSync, rmSync } from 'node:fs';
import type net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import type { Test } from 'tap';
import { listenLocally } from '../../agent/http/local-server.ts';
import { HoldListener } from '../../agent/ingress/hold-listener.ts';
import { listenForControl } from '../../agent/power-off/control-socket.ts';
import { lockDataDir } from '../../daemon/data-dir-lock.ts';
import { listeningServers } from '../support/listening-servers.ts';

const failure = (): Error => Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' });

/** Twice: the first may meet who waited for the start. */
function fail(t: Test, servers: readonly net.Server[]): void {
  t.equal(servers.length, 1);
  for (const server of servers) {
    t.doesNotThrow(() => server.emit('error', failure()));
    t.doesNotThrow(() => server.emit('error', failure()));
  }
}

function folder(t: Pick<Test, 'teardown'>): string {
  const made = mkdtempSync(path.join(tmpdir(), 'ls-server-'));
  t.teardown(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

t.test('server errors: local HTTP', async (t) => {
  const facts = () => {
    throw new Error('nobody asks');
  };
  const { made, servers } = await listeningServers(() =>
    listenLocally({ host: '127.0.0.1', port: 0 }, facts, () => ''),
  );
  t.teardown(() => made.close());
  fail(t, servers);
});

t.test('server errors: local control, and it is said', async (t) => {
  const warned: string[] = [];
  const say = (text: string): void => void warned.push(text);
  const log = { debug: say, info: say, warn: say, error: say };
  const drain = () => Promise.resolve({ noted: true, left: 0 });
  const { made, servers } = await listeningServers(() =>
    listenForControl({ dataDir: folder(t), drain, restart: () => undefined, log }),
  );
  t.teardown(() => made?.close());
  fail(t, servers);
  t.match(warned.at(-1), /control\.sock: EMFILE/);
});

t.test('server errors: the lock of the data directory', async (t) => {
  const { made, servers } = await listeningServers(() => lockDataDir(folder(t), { program: 'agent', token: 'a' }));
  t.teardown(() => made.release());
  fail(t, servers);
});

t.test('server errors: held requests', async (t) => {
  const { made, servers } = await listeningServers(() =>
    HoldListener.listen({ socketPath: path.join(folder(t), 'hold.sock'), stateOf: () => 'live', most: 1 }),
  );
  t.teardown(() => made.close());
  fail(t, servers);
});
