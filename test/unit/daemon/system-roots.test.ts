import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { systemRoots } from '../../../daemon/system-roots.ts';

t.test('systemRoots: the machine, and the file of NODE_EXTRA_CA_CERTS, besides the list of Node', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'longshore-roots-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };
  const store = file('store.pem', 'of the machine');
  const extra = file('extra.pem', '-----BEGIN CERTIFICATE-----\nextra\n');

  t.same((await systemRoots([path.join(folder, 'none'), store], extra))?.slice(-2), [
    'of the machine',
    '-----BEGIN CERTIFICATE-----\nextra\n',
  ]);
  for (const none of ['', path.join(folder, 'none'), file('empty.pem', '')])
    t.equal((await systemRoots([store], none))?.at(-1), 'of the machine', `extra: ${none}`);
  t.equal(await systemRoots([path.join(folder, 'none')], extra), undefined);
});
