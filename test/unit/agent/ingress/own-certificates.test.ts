import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import t from 'tap';
import { readOwnCertificates, type OwnCertificates } from '../../../../agent/ingress/own-certificates.ts';
import { testAuthority } from '../../../support/test-authority.ts';

const shop = testAuthority(['shop.test']);
const blog = testAuthority(['blog.test']);
const DAY_MS = 86_400_000;

interface Scene {
  write(name: string, text: string): Promise<void>;
  read(afterMs?: number): Promise<OwnCertificates>;
  readonly copies: string;
}

async function open(t: { teardown(work: () => unknown): void }): Promise<Scene> {
  const root = await mkdtemp(path.join(os.tmpdir(), 'certificates-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  const folder = path.join(root, 'own');
  await mkdir(folder);
  const copies = path.join(root, 'copies');
  return {
    write: (name, text) => writeFile(path.join(folder, name), text),
    read: (afterMs = 0) => readOwnCertificates(folder, copies, Date.now() + afterMs),
    copies,
  };
}

t.test('own certificates: a chain with its key, in one file or two', async (t) => {
  const scene = await open(t);
  await scene.write('shop.pem', shop.cert + shop.key);
  await scene.write('blog.crt', blog.cert);
  await scene.write('blog.key', blog.key);
  const { copies, found } = await scene.read();
  t.same(found, []);
  t.same([...copies], (await readdir(scene.copies)).sort());
  const texts = await Promise.all(copies.map((name) => readFile(path.join(scene.copies, name), 'utf8')));
  for (const text of texts) t.match(text, /BEGIN CERTIFICATE[^]*PRIVATE KEY/);
  t.equal(texts.length, 2);
  t.same(await scene.read(), { copies, found: [] }, 'again the same');
});

t.test('own certificates: one that cannot be used takes nothing else out, and is named with the reason', async (t) => {
  const scene = await open(t);
  await scene.write('good.pem', shop.cert + shop.key);
  await scene.write('mixed.pem', shop.cert + blog.key);
  await scene.write('noise.pem', 'not a certificate');
  await scene.write('keyless.crt', blog.cert);
  await scene.write('cut.pem', shop.cert.replace(/\n.{20}/, '\n') + shop.key);
  const { copies, found } = await scene.read();
  t.equal(copies.length, 1);
  t.equal(found.length, 4);
  t.ok(found.every(({ failing }) => failing));
  const said = found.map(({ text }) => text).join('\n');
  t.match(said, /mixed\.pem cannot be used: the private key does not belong to the certificate/);
  t.match(said, /noise\.pem cannot be used: there is no certificate in it/);
  t.match(said, /keyless\.crt cannot be used: there is no private key in it, nor in keyless\.key/);
  t.match(said, /cut\.pem cannot be used/);
});

t.test('own certificates: a renewal that went wrong leaves the one from before', async (t) => {
  const scene = await open(t);
  await scene.write('shop.pem', shop.cert + shop.key);
  const before = await scene.read();
  await scene.write('shop.pem', shop.cert + blog.key);
  const after = await scene.read();
  t.same(after.copies, before.copies);
  t.match(after.found, [{ failing: false, text: /the one from before is still used/ }]);
  await scene.write('shop.pem', blog.cert + blog.key);
  const renewed = await scene.read();
  t.equal(renewed.copies.length, 1);
  t.not(renewed.copies[0], before.copies[0], 'another certificate has another name');
});

t.test('own certificates: expired, nearly expired, and a folder that is not there', async (t) => {
  const scene = await open(t);
  await scene.write('shop.pem', shop.cert + shop.key);
  t.match((await scene.read(1.5 * DAY_MS)).found, [{ failing: false, text: /expires on .*: renew it/ }]);
  const expired = await scene.read(3 * DAY_MS);
  t.match(expired.found, [{ failing: false, text: /expired on/ }]);
  t.equal(expired.copies.length, 1, 'it still serves');
  t.match(await readOwnCertificates('/nowhere/at/all', scene.copies, Date.now()), {
    copies: expired.copies,
    found: [{ failing: true, text: /cannot be read/ }],
  });
});
