// Certificates that are renewed while the coordinator serves, over a real TLS socket.
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import t from 'tap';
import { readTls, TlsRenewal } from '../../coordinator/http/tls-files.ts';
import { openApiStage } from '../support/api-stage.ts';
import { fakeCommands } from '../support/fake-commands.ts';
import { testAuthority } from '../support/test-authority.ts';

const [first, second] = [testAuthority(['ship.test'], 'first'), testAuthority(['ship.test'], 'second')];

t.test('tls files: what is renewed serves new connections, a pair that does not fit waits', async (t) => {
  const folder = t.testdir({});
  const files = { certFile: path.join(folder, 'cert.pem'), keyFile: path.join(folder, 'key.pem') };
  const write = (file: string, text: string): void => writeFileSync(file, text, { mode: 0o600 });
  write(files.certFile, first.cert);
  write(files.keyFile, first.key);
  const pair = await readTls(files);
  const renewal = new TlsRenewal(files, pair);
  const { port, renewTls } = await openApiStage(t, { commands: fakeCommands({}), tls: pair });
  const said: string[] = [];
  const log = {
    info: (text: string) => void said.push(text),
    warn: (_fields: object, text: string) => void said.push(text),
  };
  t.equal(await nameAt(port), 'first');

  await renewal.renew(renewTls, log);
  t.same(said, []);
  write(files.certFile, second.cert);
  await renewal.renew(renewTls, log);
  t.match(said, [/cannot be renewed yet/]);
  t.equal(await nameAt(port), 'first');
  write(files.keyFile, second.key);
  await renewal.renew(renewTls, log);
  t.equal(await nameAt(port), 'second');
  t.equal(await renewal.look(), null);
});

t.test('tls files: a key that everybody may read is refused by name, one of a group is not', async (t) => {
  const folder = t.testdir({ 'cert.pem': first.cert, 'key.pem': first.key });
  const files = { certFile: path.join(folder, 'cert.pem'), keyFile: path.join(folder, 'key.pem') };
  chmodSync(files.keyFile, 0o644);
  await t.rejects(readTls(files), { code: 'CONFIG_INVALID', message: /everybody may read/ });
  chmodSync(files.keyFile, 0o640);
  t.ok(await readTls(files));
  await t.rejects(readTls({ ...files, certFile: path.join(folder, 'none') }), { code: 'CONFIG_INVALID' });
});

/** Common name of the certificate that a new connection gets. */
function nameAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, servername: 'ship.test' });
    socket.on('error', reject);
    socket.on('secureConnect', () => {
      const { CN } = socket.getPeerCertificate().subject;
      socket.destroy();
      resolve(String(CN));
    });
  });
}
