// The pool of connections that read: what a server says at a bad moment is refused to the caller and ends nobody.
import net from 'node:net';
import t from 'tap';
import { postgresPool } from '../../coordinator/store/postgres-client.ts';
import { isLost } from '../../coordinator/store/postgres-errors.ts';
import { postgresForTests, PostgresServer } from '../support/postgres-server.ts';
import { postgresAddress } from '../support/stores.ts';

const { programs, skip } = postgresForTests();
/** ReadyForQuery, the last of what a server says to a new connection. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
const END_ALL = 'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1';

t.test('postgres pool: a server that stops in the packet that makes a connection ready', { skip }, async (t) => {
  const server = await PostgresServer.start(programs ?? '');
  t.teardown(() => server.dispose());
  const database = await server.makeDatabase();
  let cuts = 0;
  let ending: Promise<unknown> = Promise.resolve();
  const proxy = net.createServer((near) => {
    const far = net.connect(server.port, '127.0.0.1');
    let held: Buffer | null = null;
    near.on('data', (data) => far.write(data));
    far.on('data', (data) => {
      if (held !== null) {
        cuts += 1;
        near.end(Buffer.concat([held, data]));
      } else if (data.subarray(-READY.length).equals(READY)) {
        held = data;
        ending = server.query(END_ALL, 'postgres', [database]);
      } else near.write(data);
    });
    for (const socket of [near, far]) socket.on('error', () => undefined);
    t.teardown(() => far.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.teardown(() => proxy.close());
  const { port } = proxy.address() as net.AddressInfo;
  const address = { ...postgresAddress(server.tcpUrl(database)), port };

  const pool = postgresPool(address, null, 2);
  t.teardown(() => pool.end());
  for (let cut = 1; cut <= 3; cut += 1) {
    const said: unknown = await pool.use((client) => client.query('select 1'), isLost).catch((error: unknown) => error);
    t.ok(isLost(said), String(said));
    await ending;
    t.equal(cuts, cut);
  }
});
