import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { readOrMakeKey } from '../../../../coordinator/secrets/key-file.ts';
import { makeMask, MASK } from '../../../../fleet/secret-mask.ts';
import { maskingSink } from '../../../../coordinator/secrets/masking-sink.ts';
import { checkKey, makeVault } from '../../../../coordinator/secrets/vault.ts';
import { seededRandom } from '../../../support/random.ts';

t.test('vault: opens what it closed, for its purpose and with its key alone', (t) => {
  const vault = makeVault(randomBytes(32), randomBytes);
  const closed = vault.encrypt('secret\nweb\ndb\n1', Buffer.from('hunter22', 'utf8'));
  t.equal(vault.decrypt('secret\nweb\ndb\n1', closed).toString('utf8'), 'hunter22');
  t.notMatch(Buffer.from(closed).toString('latin1'), 'hunter22');
  const refused = { code: 'STATE_FILE_INVALID' };
  t.throws(() => vault.decrypt('secret\nweb\ndb\n2', closed), refused, 'another version');
  t.throws(() => makeVault(randomBytes(32), randomBytes).decrypt('secret\nweb\ndb\n1', closed), refused, 'another key');
  for (const position of [0, 1, 13, closed.length - 1]) {
    const changed = Uint8Array.from(closed);
    changed[position] = (changed[position] ?? 0) ^ 1;
    t.throws(() => vault.decrypt('secret\nweb\ndb\n1', changed), refused, `byte ${position} changed`);
  }
  t.throws(() => vault.decrypt('x', new Uint8Array(3)), refused);
  t.not(Buffer.compare(vault.encrypt('x', Buffer.of(1)), vault.encrypt('x', Buffer.of(1))), 0, 'never twice the same');
  t.end();
});

t.test('key check: a store that another key wrote is named at the start', async (t) => {
  let kept: Uint8Array | null = null;
  const store = { keyCheck: ({ ciphertext }: { ciphertext: Uint8Array }) => Promise.resolve((kept ??= ciphertext)) };
  const vault = makeVault(randomBytes(32), randomBytes);
  await checkKey(vault, store);
  await checkKey(vault, store);
  await t.rejects(checkKey(makeVault(randomBytes(32), randomBytes), store), {
    code: 'STATE_FILE_INVALID',
    message: /key of the secrets/,
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
