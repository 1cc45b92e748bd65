/**
 * A real PostgreSQL for tests, of the programs that the distribution installed, in a folder of its own and without
 * flushes to the disk. Where they are missing a test skips and says why; with LONGSHORE_REQUIRE_ENGINE=1, as in a full
 * run, that is an error. The server refuses to run as root, so it runs as `postgres` or `nobody` then.
 */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { freePort } from './free-port.ts';
import { pollUntil } from './poll-until.ts';

const FOLDER = '/usr/lib/postgresql';
/** Of the superuser, over loopback; over the socket nobody is asked. */
const PASSWORD = 'of-the-superuser';

export type PostgresAnswer =
  { readonly programs: string; readonly skip: false } | { readonly programs: null; readonly skip: string };

/** The newest that is installed. */
export function postgresForTests(): PostgresAnswer {
  const versions = existsSync(FOLDER) ? readdirSync(FOLDER).sort((a, b) => Number(b) - Number(a)) : [];
  const programs = versions.map((version) => path.join(FOLDER, version, 'bin'));
  const found = programs.find((folder) => existsSync(path.join(folder, 'initdb')));
  if (found !== undefined) return { programs: found, skip: false };
  const skip = `no PostgreSQL server in ${FOLDER}; Debian: apt-get install --no-install-recommends postgresql`;
  if (process.env.LONGSHORE_REQUIRE_ENGINE === '1') throw new Error(skip);
  return { programs: null, skip };
}

/** With it the server speaks TLS on loopback, and there nothing else. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

export class PostgresServer {
  readonly port: number;
  readonly folder: string;
  readonly #programs: string;
  readonly #owner: Owner | null;
  #server: ChildProcess | null = null;
  #databases = 0;
  readonly #stopAtExit = (): void => {
    this.#server?.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  };

  private constructor(programs: string, port: number) {
    this.#programs = programs;
    this.port = port;
    this.#owner = process.getuid?.() === 0 ? (ownerOf('postgres') ?? ownerOf('nobody')) : null;
    this.folder = mkdtempSync(path.join(tmpdir(), 'longshore-postgres-'));
    this.#give(this.folder);
    process.once('exit', this.#stopAtExit);
  }

  static async start(programs: string, certificate: ServerCertificate | null = null): Promise<PostgresServer> {
    const made = new PostgresServer(programs, await freePort());
    made.#initialise(certificate);
    await made.start();
    return made;
  }

  async start(): Promise<void> {
    const data = path.join(this.folder, 'data');
    const settings = ['fsync=off', 'shared_buffers=16MB', 'max_connections=60', 'listen_addresses=127.0.0.1'];
    settings.push(`port=${this.port}`, `unix_socket_directories=${this.folder}`, 'logging_collector=off');
    const args = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])];
    const program = path.join(this.#programs, 'postgres');
    // It goes with the test, however that ends.
    const [command, given] = existsSync('/usr/bin/setpriv')
      ? ['/usr/bin/setpriv', ['--pdeathsig', 'QUIT', program, ...args]]
      : [program, args];
    const server = spawn(command, given, { cwd: this.folder, stdio: 'ignore', ...this.#owner });
    server.unref();
    this.#server = server;
    const isUp = (): Promise<boolean> =>
      this.query('select 1', 'postgres').then(
        () => true,
        () => false,
      );
    await pollUntil(isUp, Boolean, 30_000);
  }

  /** @param signal SIGINT: connections are cut; SIGQUIT: as by a crash */
  async stop(signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL' = 'SIGINT'): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.ref();
    server.kill(signal);
    await ended;
  }

  async dispose(): Promise<void> {
    await this.stop('SIGQUIT');
    process.off('exit', this.#stopAtExit);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Frozen, as one whose machine is gone: it takes connections and says nothing. */
  freeze(isFrozen: boolean): void {
    this.#server?.kill(isFrozen ? 'SIGSTOP' : 'SIGCONT');
  }

  /** An empty database of another language than ours, as people have them. @returns its name */
  async makeDatabase(owner = 'postgres'): Promise<string> {
    this.#databases += 1;
    const name = `longshore_${this.#databases}`;
    await this.query(`create database ${name} owner ${owner} template template0 encoding 'UTF8'`, 'postgres');
    return name;
  }

  url(database: string): string {
    return `postgres://postgres@${encodeURIComponent(this.folder)}:${this.port}/${database}`;
  }

  /** Over loopback, with a password. */
  tcpUrl(database: string, options = '', login = `postgres:${PASSWORD}`): string {
    return `postgres://${login}@127.0.0.1:${this.port}/${database}${options}`;
  }

  /** As the superuser, on a connection of its own. */
  async query(text: string, database: string, values: readonly unknown[] = []): Promise<readonly unknown[]> {
    const client = await this.connect(database);
    try {
      return (await client.query(text, [...values])).rows as readonly unknown[];
    } finally {
      await client.end();
    }
  }

  async connect(database: string): Promise<Client> {
    const client = new Client({ host: this.folder, port: this.port, user: 'postgres', database });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  #initialise(certificate: ServerCertificate | null): void {
    const data = path.join(this.folder, 'data');
    const secret = this.write('password', PASSWORD);
    const ways = ['--auth-local=trust', '--auth-host=scram-sha-256', `--pwfile=${secret}`];
    const initdb = ['-D', data, '-U', 'postgres', '--no-sync', '-E', 'UTF8', '--locale=C.UTF-8', ...ways];
    execFileSync(path.join(this.#programs, 'initdb'), initdb, { cwd: this.folder, stdio: 'ignore', ...this.#owner });
    if (certificate === null) return;
    const cert = this.write('server.pem', certificate.cert);
    const key = this.write('server.key', certificate.key);
    const file = path.join(data, 'postgresql.conf');
    writeFileSync(
      file,
      `${readFileSync(file, 'utf8')}\nssl = on\nssl_cert_file = '${cert}'\nssl_key_file = '${key}'\n`,
    );
    writeFileSync(path.join(data, 'pg_hba.conf'), 'local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n');
  }

  /** A file that the server may read. @returns its path */
  write(name: string, text: string): string {
    const file = path.join(this.folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text, { mode: 0o600 });
    this.#give(file);
    return file;
  }

  #give(file: string): void {
    if (this.#owner !== null) chownSync(file, this.#owner.uid, this.#owner.gid);
  }
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

function ownerOf(name: string): Owner | null {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}
