import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { readOrMakeKey } from '../../../../coordinator/secrets/key-file.ts';
import { makeMask, MASK } from '../../../../fleet/secret-mask.ts';
import { maskingSink } from '../../../../coordinator/secrets/masking-sink.ts';
import {
  lostValues,
  noteKey,
  renderLost,
  requireReadable,
  secretsFinding,
} from '../../../../coordinator/secrets/key-loss.ts';
import { makeVault, registryPurpose, secretPurpose } from '../../../../coordinator/secrets/vault.ts';
import type { NewEvent } from '../../../../coordinator/store/records.ts';
import type { AppName } from '../../../../fleet/ids.ts';
import { anAppSpec } from '../../../support/app-builders.ts';
import { seededRandom } from '../../../support/random.ts';

t.test('vault: opens what it closed, for its purpose and with its key alone', (t) => {
  const vault = makeVault(randomBytes(32), randomBytes);
  const closed = vault.encrypt('secret\nweb\ndb\n1', Buffer.from('hunter22', 'utf8'));
  t.equal(vault.decrypt('secret\nweb\ndb\n1', closed)?.toString('utf8'), 'hunter22');
  t.notMatch(Buffer.from(closed).toString('latin1'), 'hunter22');
  t.equal(vault.decrypt('secret\nweb\ndb\n2', closed), null, 'another version');
  t.equal(makeVault(randomBytes(32), randomBytes).decrypt('secret\nweb\ndb\n1', closed), null, 'another key');
  for (const position of [0, 1, 13, closed.length - 1]) {
    const changed = Uint8Array.from(closed);
    changed[position] = (changed[position] ?? 0) ^ 1;
    t.equal(vault.decrypt('secret\nweb\ndb\n1', changed), null, `byte ${position} changed`);
  }
  t.equal(vault.decrypt('x', new Uint8Array(3)), null);
  t.not(Buffer.compare(vault.encrypt('x', Buffer.of(1)), vault.encrypt('x', Buffer.of(1))), 0, 'never twice the same');
  t.end();
});

/** A store of values that one key or the other wrote. */
function keyScene() {
  const [old, fresh] = [makeVault(randomBytes(32), randomBytes), makeVault(randomBytes(32), randomBytes)];
  const app = 'web' as AppName;
  const secret = (name: string, version: number, vault = old) => ({
    app,
    name,
    version,
    ciphertext: vault.encrypt(secretPurpose(app, name, version), Buffer.from('x')),
  });
  const secrets = [secret('db', 1), secret('mail', 2), secret('mail', 3, fresh)];
  const registries = ['r:5000'].map((registry) => ({
    registry,
    username: 'ci',
    setAt: 0,
    ciphertext: old.encrypt(registryPurpose(registry), Buffer.from('x')),
  }));
  const events: NewEvent[] = [];
  let kept: Uint8Array | null = null;
  const store = {
    secretsOfApp: () => Promise.resolve(secrets),
    registries: () => Promise.resolve(registries),
    keyCheck: ({ ciphertext }: { ciphertext: Uint8Array }) => Promise.resolve((kept ??= ciphertext)),
    replaceKeyCheck: (args: { ciphertext: Uint8Array; events: readonly NewEvent[] }) => {
      kept = args.ciphertext;
      events.push(...args.events);
      return Promise.resolve();
    },
  };
  return { old, fresh, store, events, app };
}

t.test('lost key: what must be set again is what its newest version cannot be read of', async (t) => {
  const { store, old, fresh } = keyScene();

  t.same(await lostValues({ store, vault: fresh }), { secrets: [{ app: 'web', name: 'db' }], registries: ['r:5000'] });
  t.match(await secretsFinding({ store, vault: fresh }), {
    ok: false,
    text: /secret db of web, the credential of r:5000/,
  });
  t.match(renderLost(await lostValues({ store, vault: old })), /that wrote secret mail of web$/);
  t.equal(renderLost({ secrets: [], registries: [] }), null);
  const many = Array.from({ length: 25 }, (_, index) => ({ app: 'web' as AppName, name: `s${index}` }));
  t.match(renderLost({ secrets: many, registries: [] }), /and 5 more$/);
});

t.test('lost key: the start goes on with another key, and says so once', async (t) => {
  const { store, old, fresh, events } = keyScene();
  const now = () => 7;
  await noteKey({ store, vault: old, now });
  t.same(events, []);

  t.match(await noteKey({ store, vault: fresh, now }), /secret db of web/);
  t.match(events, [{ at: 7, kind: 'secrets.key-changed', text: /another key of the secrets: .*secret db of web/ }]);
  await noteKey({ store, vault: fresh, now });
  t.equal(events.length, 1);
  await noteKey({ store, vault: old, now });
  t.equal(events.length, 2, 'the old one is put back');
});

t.test('lost key: a release that needs a lost value is refused by its name', async (t) => {
  const { store, fresh, app } = keyScene();
  const spec = { ...anAppSpec(), name: app, secrets: { password: { name: 'db' }, mail: { name: 'mail' } } };
  const source = { store, vault: fresh };
  const require = (versions: Record<string, number>) => requireReadable(spec, versions, source, 'plan web');

  await require({});
  await require({ mail: 3 });
  await t.rejects(require({ password: 1, mail: 2 }), {
    code: 'SECRET_MISSING',
    message: /^plan web: its secret db \(version 1\), mail \(version 2\) cannot be read/,
    problem: { details: [{ path: 'secrets.password' }, { path: 'secrets.mail' }], hint: /secrets set web db/ },
  });
});

t.test('key file: made once, readable to its user alone, refused when wrong', (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'longshore-key-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const file = path.join(directory, 'keys', 'secrets.key');

  const key = readOrMakeKey(file, randomBytes);
  t.equal(key.length, 32);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.ok(readOrMakeKey(file, () => Buffer.alloc(32)).equals(key), 'the one that is there');

  chmodSync(file, 0o640);
  t.throws(() => readOrMakeKey(file, randomBytes), { code: 'CONFIG_INVALID', message: /others may read it/ });
  chmodSync(file, 0o600);
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.slice(3));
  t.throws(() => readOrMakeKey(file, randomBytes), { code: 'CONFIG_INVALID', message: /32 bytes/ });
  t.equal(readFileSync(file, 'utf8'), text.slice(3), 'a wrong file is left as it is');
  t.throws(() => readOrMakeKey(path.join(file, 'secrets.key'), randomBytes), {
    code: 'CONFIG_INVALID',
    message: /secrets_key_file .*ENOTDIR/,
    problem: { hint: /data directory/ },
  });
  t.end();
});

t.test('mask: hides values in the spellings that logs use', (t) => {
  const mask = makeMask(['pa"ss\\word', 'two words', 'abc']);
  t.equal(mask('it is pa"ss\\word.'), `it is ${MASK}.`);
  t.equal(mask(JSON.stringify({ p: 'pa"ss\\word' })), `{"p":"${MASK}"}`);
  t.equal(mask('?p=two%20words'), `?p=${MASK}`);
  t.equal(mask(Buffer.from('two words', 'utf8').toString('base64')), MASK);
  t.equal(mask('abc'), 'abc', 'too short to hide');
  t.equal(makeMask([])('x'), 'x');
  t.equal(makeMask(['line one\nline two'])('> line two'), `> ${MASK}`, 'each line of a long value');
  t.end();
});

t.test('masking sink: cut anywhere, a value never passes, and nothing else is lost', async (t) => {
  const values = ['hunter22', 'hunter22-longer', 'éclair-α'];
  const text = `a hunter22 b hunter22-longer c éclair-α hunt end\n`;
  const expected = makeMask(values)(text);
  const random = seededRandom(7);
  for (let round = 0; round < 200; round += 1) {
    const chunks: Buffer[] = [];
    const sink = maskingSink(
      { chunk: (_source, _fd, data) => Promise.resolve(void chunks.push(Buffer.from(data))) },
      values,
    );
    const bytes = Buffer.from(text, 'utf8');
    for (let start = 0; start < bytes.length;) {
      const end = start + 1 + Math.floor(random() * 9);
      await sink.chunk(null, 1, bytes.subarray(start, end));
      start = end;
    }
    await sink.flush();
    if (Buffer.concat(chunks).toString('utf8') !== expected)
      t.equal(Buffer.concat(chunks).toString('utf8'), expected, `round ${round}`);
  }
  t.match(expected, /a \*\*\* b \*\*\* c \*\*\* hunt end/);
});
