// A server that stops says so at any moment, also in the packet that made a connection usable: the caller is refused,
// nobody ends, and the store comes back.
import net from 'node:net';
import t from 'tap';
import type { Test } from 'tap';
import { postgresPool } from '../../coordinator/store/postgres-client.ts';
import { isLost } from '../../coordinator/store/postgres-errors.ts';
import { pollUntil } from '../support/poll-until.ts';
import { postgresForTests, PostgresServer } from '../support/postgres-server.ts';
import { openPostgres, postgresAddress } from '../support/stores.ts';

const { programs, skip } = postgresForTests();
/** ReadyForQuery, the last of what a server says to a new connection. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
const OWN_BACKEND = 'where pid = pg_backend_pid()';
const END_ALL = 'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1';

interface Line {
  readonly url: string;
  /** Whether what the server says now is held, to arrive together with its last words. */
  holds: (said: Buffer, asked: Buffer) => boolean;
  /** Connections that are refused, the next first. */
  refusals: number;
  cuts: number;
  /** Ends what there is. */
  cut(): Promise<void>;
}

async function lineTo(t: Test): Promise<Line> {
  const server = await PostgresServer.start(programs ?? '');
  t.teardown(() => server.dispose());
  const database = await server.makeDatabase();
  let ending: Promise<unknown> = Promise.resolve();
  t.teardown(() => ending);
  const proxy = net.createServer((near) => {
    if (line.refusals > 0) {
      line.refusals -= 1;
      near.destroy();
      return;
    }
    const far = net.connect(server.port, '127.0.0.1');
    let held: Buffer | null = null;
    let asked = Buffer.alloc(0);
    near.on('data', (data) => {
      asked = data;
      far.write(data);
    });
    far.on('data', (data) => {
      if (held !== null) {
        line.cuts += 1;
        near.end(Buffer.concat([held, data]));
      } else if (line.holds(data, asked)) {
        held = data;
        ending = line.cut();
      } else near.write(data);
    });
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.on('close', () => far.destroy());
    far.on('close', () => near.end());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.teardown(() => proxy.close());
  const { port } = proxy.address() as net.AddressInfo;
  const line: Line = {
    url: server.tcpUrl(database).replace(`:${server.port}/`, `:${port}/`),
    holds: () => false,
    refusals: 0,
    cuts: 0,
    cut: async () => {
      await server.query(END_ALL, 'postgres', [database]);
    },
  };
  return line;
}

t.test('postgres: a pool whose server stops in the packet that makes a connection ready', { skip }, async (t) => {
  const line = await lineTo(t);
  line.holds = (said) => said.subarray(-READY.length).equals(READY);
  const pool = postgresPool(postgresAddress(line.url), null, 2);
  t.teardown(() => pool.end());
  for (let cut = 1; cut <= 3; cut += 1) {
    const said: unknown = await pool.use((client) => client.query('select 1'), isLost).catch((error: unknown) => error);
    t.ok(isLost(said), String(said));
    t.equal(line.cuts, cut);
  }
});

t.test('postgres: a store whose writer is lost in the packet that ended its opening', { skip }, async (t) => {
  const line = await lineTo(t);
  const told: string[] = [];
  const store = await openPostgres(line.url, { onAway: () => told.push('away'), onBack: () => told.push('back') });
  t.teardown(() => store.close());
  line.holds = (_said, asked) => {
    const isNow = line.cuts === 0 && asked.includes(OWN_BACKEND);
    // The server is still down when it is asked again.
    if (isNow) line.refusals = 2;
    return isNow;
  };
  await line.cut();
  await pollUntil(
    () => Promise.resolve(told.at(-1)),
    (last) => last === 'back',
    60_000,
  );
  t.equal(line.cuts, 1);
  t.same(told, ['away', 'away', 'back']);
  t.equal(store.obstacle(), null);
  t.same(await store.allHosts(), []);
});
