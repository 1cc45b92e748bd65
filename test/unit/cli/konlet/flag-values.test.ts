import t from 'tap';
import { gigabytesOf, listOf, pairsOf } from '../../../../cli/konlet/flag-values.ts';
import { appNameFrom, poolNameFrom } from '../../../../cli/konlet/import-names.ts';
import { parsePort } from '../../../../cli/konlet/ports.ts';
import { composeText, yamlText } from '../../../../cli/konlet/yaml-text.ts';
import { resolvePlain } from '../../../../compose/source/tree.ts';

t.test('flag values: lists, another separator, pairs, sizes', (t) => {
  t.same(listOf('a,b,'), ['a', 'b']);
  t.same(listOf('^--^a,1--b'), ['a,1', 'b']);
  t.same(pairsOf('A=1,B=x=y'), [
    ['A', '1'],
    ['B', 'x=y'],
  ]);
  t.equal(pairsOf('A=1,B'), null);
  t.equal(pairsOf('=1'), null);
  t.same(['50GB', '50', '1TB', '500MB', '10GiB', '2kb', 'big', '-1'].map(gigabytesOf), [
    50,
    50,
    1024,
    1,
    10,
    1,
    null,
    null,
  ]);
  t.end();
});

t.test('names: fit the app file and fleet.yaml', (t) => {
  t.equal(appNameFrom('Konlet_VM.1'), 'konlet-vm-1');
  t.equal(appNameFrom('---'), 'app');
  t.equal(appNameFrom('x'.repeat(60)), 'x'.repeat(40));
  t.equal(poolNameFrom('1-web-with-a-very-long-name'), 'web-with-a-very-lo');
  t.equal(poolNameFrom('coordinator'), 'pool');
  t.equal(poolNameFrom('42'), 'pool');
  t.end();
});

t.test('parsePort: HTTP unless it says otherwise; what is none is refused', (t) => {
  t.same(parsePort('8080'), { port: 8080, protocol: 'http' });
  t.same(parsePort('53/udp'), { port: 53, protocol: 'udp' });
  for (const text of ['0', '65536', 'x', '80/sctp', '80:80', ''])
    t.throws(() => parsePort(text), { code: 'INPUT_INVALID' });
  t.end();
});

t.test('yamlText: plain only where YAML reads the same text again', (t) => {
  for (const text of [
    'a',
    '/bin/sh',
    'a:1',
    'true',
    'null',
    '1.10',
    '0x1f',
    'a: b',
    'x:',
    '',
    ' a',
    '- a',
    'yes',
    '#x',
    '{a}',
    '"',
    'ä',
    'a\nb',
  ]) {
    const written = yamlText(text);
    t.equal(written.startsWith('"') ? (JSON.parse(written) as string) : resolvePlain(written), text, written);
  }
  t.equal(composeText('$A ${B}'), '"$$A $${B}"');
  t.end();
});
