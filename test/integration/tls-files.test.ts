// Certificates that are renewed while the coordinator serves, over a real TLS socket.
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import t from 'tap';
import { dialWebSocket, type SocketEnd } from '../../agent/session/frame-socket.ts';
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
  const none = { ...files, certFile: path.join(folder, 'none') };
  await t.rejects(readTls(none), { code: 'CONFIG_INVALID', message: /tls_cert_file .*none: there is no such file/ });
});

t.test('tls files: what cannot be used is named with its file, without the words of OpenSSL', async (t) => {
  const folder = t.testdir({ 'cert.pem': first.cert, 'key.pem': first.key, 'other.pem': second.key, text: 'text' });
  const at = (name: string): string => path.join(folder, name);
  for (const name of ['key.pem', 'other.pem', 'cert.pem', 'text']) chmodSync(at(name), 0o600);
  const refusal = async (certFile: string, keyFile: string, message: RegExp): Promise<void> => {
    const error: unknown = await readTls({ certFile: at(certFile), keyFile: at(keyFile) }).catch((e: unknown) => e);
    t.match(error, { code: 'CONFIG_INVALID', message, problem: { hint: /\S/ } });
    t.notMatch(error, { message: /routines|error:/ });
  };

  await refusal('text', 'key.pem', /tls_cert_file .*text: it holds no certificate/);
  await refusal('cert.pem', 'text', /tls_key_file .*text: it holds no private key/);
  await refusal('cert.pem', 'cert.pem', /tls_key_file .*cert\.pem: it holds no private key/);
  await refusal('cert.pem', 'other.pem', /the key .*other\.pem is not that of the certificate .*cert\.pem/);
});

t.test('agent: the wrong scheme for a port is said in words', async (t) => {
  const pair = { cert: Buffer.from(first.cert), key: Buffer.from(first.key) };
  const encrypted = await openApiStage(t, { commands: fakeCommands({}), tls: pair });
  const plain = await openApiStage(t, { commands: fakeCommands({}) });
  const failure = (url: string): Promise<string | null> =>
    new Promise((resolve) => {
      const nothing = (): void => undefined;
      const events = { onFrame: nothing, onBinary: nothing, onEnd: (end: SocketEnd) => resolve(end.error) };
      dialWebSocket({ url, ca: undefined, userAgent: 'test', handshakeTimeoutMs: 10_000 }, events);
    });

  t.match(await failure(`ws://127.0.0.1:${encrypted.port}/`), /closed the connection unanswered.* use wss:/);
  t.match(await failure(`wss://127.0.0.1:${plain.port}/`), /does not speak TLS; use ws:/);
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
