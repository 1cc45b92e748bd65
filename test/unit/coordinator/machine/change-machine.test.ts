import t from 'tap';
import { changeMachine, type Machine } from '../../../../coordinator/machine/change-machine.ts';
import type { LongshoreError } from '../../../../fleet/errors.ts';

const CONFIG = '/etc/longshore/coordinator.yaml';
const TLS = ['--tls-cert-file', '/etc/longshore/tls/cert.pem', '--tls-key-file', '/etc/longshore/tls/key.pem'];
const URL = ['--public-url', 'https://ship.example.com'];

class FakeMachine implements Machine {
  uid = 0;
  programFolder: string | null = '/opt/unpacked/coordinator';
  readonly files = new Map<string, string>([
    ['/run/systemd/system', ''],
    ['/opt/unpacked/coordinator/node', ''],
  ]);
  readonly ran: string[] = [];
  exists(file: string): boolean {
    return this.files.has(file);
  }
  readText(file: string): string {
    return this.files.get(file) ?? '';
  }
  run(script: string): Promise<number> {
    this.ran.push(script);
    return Promise.resolve(0);
  }
}

async function script(machine: FakeMachine, verb: 'install' | 'uninstall', ...args: string[]): Promise<string> {
  await changeMachine(verb, args, machine, () => undefined);
  return machine.ran.at(-1) ?? '';
}

/** The text of a refusal with its details. */
async function refusal(machine: FakeMachine, verb: 'install' | 'uninstall', ...args: string[]): Promise<string> {
  try {
    await changeMachine(verb, args, machine, () => undefined);
  } catch (error) {
    const { code, message, hint, details } = (error as LongshoreError).problem;
    return [code, message, ...details.map((detail) => `${detail.path}: ${detail.message}`), hint].join('\n');
  }
  throw new Error('it was not refused');
}

t.test('install: settings come from flags, and the file is written once', async (t) => {
  const machine = new FakeMachine();
  const text = await script(machine, 'install', ...URL, ...TLS);
  t.match(text, /^listen: "0\.0\.0\.0:443"\npublic_url: \["https:\/\/ship\.example\.com"\]$/m);
  t.match(text, /^agents_dir: "\/usr\/local\/lib\/longshore\/agents"$/m);
  t.match(text, /^readable tls_key_file '\/etc\/longshore\/tls\/key\.pem'$/m);
  t.match(text, "agents_from_folder '/opt/unpacked'");
  t.match(text, 'StateDirectory=longshore-coordinator');
  t.notMatch(text, 'ReadWritePaths');

  machine.files.set(
    CONFIG,
    'public_url: https://ship.example.com\ntls_cert_file: /c\ntls_key_file: /k\nlisten: 0.0.0.0:443\n',
  );
  t.notMatch(await script(machine, 'install'), /^write_file \/etc\/longshore\/coordinator\.yaml/m);
  t.notMatch(await script(machine, 'install', ...URL), /^write_file \/etc\/longshore\/coordinator\.yaml/m);
  const other = await refusal(
    machine,
    'install',
    '--public-url',
    'https://other.example.com',
    '--listen',
    '0.0.0.0:443',
  );
  t.match(other, /INPUT_INVALID\ninstall: \S+ is there and is not overwritten\n--public-url: is another value/);
  t.notMatch(other, '--listen');
});

t.test('install: the port is that of the address; behind a proxy it is what --listen says', async (t) => {
  const machine = new FakeMachine();
  t.match(await script(machine, 'install', '--public-url', 'https://ship:8443', ...TLS), 'listen: "0.0.0.0:8443"');
  const text = await script(machine, 'install', ...URL, '--listen', '127.0.0.1:7400');
  t.match(text, 'listen: "127.0.0.1:7400"');
});

t.test('install: what is missing or wrong is named, and nothing runs', async (t) => {
  const machine = new FakeMachine();
  const nothing = await refusal(machine, 'install');
  t.match(nothing, /--public-url: is missing/);
  t.match(nothing, /--tls-cert-file: is missing.*--listen 127\.0\.0\.1:7400/);
  t.match(await refusal(machine, 'install', ...URL, ...TLS.slice(0, 2)), /tls_key_file: is missing/);
  t.match(await refusal(machine, 'install', '--publicurl', 'x'), /there is no flag --publicurl/);
  t.match(await refusal(machine, 'install', ...URL, ...TLS, '--config', '/x'), /--config: install writes/);
  t.match(
    await refusal(machine, 'install', ...URL, '--tls-cert-file', '/root/c.pem', '--tls-key-file', '/home/me/k.pem'),
    /tls_cert_file: \/root\/c\.pem is hidden from the unit[^]*tls_key_file: \/home/,
  );
  t.match(await refusal(machine, 'install', ...URL, ...TLS, '--data-dir', '/srv/a b'), /data_dir: \/srv\/a b cannot/);
  t.match(await refusal(machine, 'install', '--agents'), /--agents needs a value/);
  t.same(machine.ran, []);
});

t.test('install: only as root, with systemd, from the archive, and not where Terraform made the machine', async (t) => {
  const machine = new FakeMachine();
  const refused = (): Promise<string> => refusal(machine, 'install', ...URL, ...TLS);
  machine.uid = 1000;
  t.match(await refused(), /must run as root\nRun it with sudo/);
  machine.uid = 0;
  machine.files.set('/etc/systemd/system/longshore-setup.service', '');
  t.match(await refused(), /set up by its metadata/);
  machine.files.delete('/run/systemd/system');
  t.match(await refused(), /does not run systemd/);
  machine.programFolder = null;
  t.match(await refused(), /longshore-coordinator-linux-x64\.tar\.gz/);
  t.same(machine.ran, []);
});

t.test('install: data and key elsewhere are made writable and readable to the unit', async (t) => {
  const machine = new FakeMachine();
  const text = await script(
    machine,
    'install',
    ...URL,
    ...TLS,
    '--data-dir',
    '/srv/ship',
    '--secrets-key-file',
    '/etc/longshore/secrets.key',
  );
  t.match(text, /^ReadWritePaths=\/srv\/ship$/m);
  t.match(text, /^secrets_key '\/etc\/longshore\/secrets\.key'$/m);
  t.match(text, /^readable secrets_key_file /m);
});

t.test('uninstall: data stays unless it is purged; a broken configuration stops only a purge', async (t) => {
  const machine = new FakeMachine();
  t.notMatch(await script(machine, 'uninstall'), /^ *remove_folder "\$DATA_DIR"/m);
  machine.files.set(CONFIG, 'public_url: https://a\ndata_dir: /srv/ship\ndatabase: {url_file: /etc/longshore/url}\n');
  const purged = await script(machine, 'uninstall', '--purge');
  t.match(purged, /^ *remove_folder "\$DATA_DIR"/m);
  t.match(purged, "DATA_DIR='/srv/ship'");
  t.match(purged, 'kept: the data in PostgreSQL');
  machine.files.set(CONFIG, 'data_dir: relative\n');
  t.match(await script(machine, 'uninstall'), 'kept: data');
  t.match(await refusal(machine, 'uninstall', '--purge'), /CONFIG_INVALID/);
  t.match(await refusal(machine, 'uninstall', '--all'), /there is no argument --all/);
});
