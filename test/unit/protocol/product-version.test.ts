import { readFileSync } from 'node:fs';
import t from 'tap';
import { VERSION } from '../../../protocol/product-version.ts';

t.test('VERSION: is the one of package.json', (t) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  t.equal(VERSION, version);
  t.end();
});
