import { readFileSync } from 'node:fs';
import t from 'tap';
import { FLEET_DESCRIPTIONS } from '../../../../infra/fleet-file/fleet-descriptions.ts';
import { fleetJsonSchema, fleetKeys } from '../../../../infra/fleet-file/fleet-json-schema.ts';

t.test('fleet schema: the file for editors is what the reader checks', (t) => {
  t.same(
    JSON.parse(readFileSync('infra/fleet.schema.json', 'utf8')),
    JSON.parse(JSON.stringify(fleetJsonSchema())),
    'npx tsx scripts/write-fleet-schema.ts writes it anew',
  );
  t.end();
});

t.test('fleet schema: every key has a word on it, and no word is left over', (t) => {
  t.same(Object.keys(FLEET_DESCRIPTIONS).sort(), [...fleetKeys()].sort());
  t.end();
});

t.test('fleet schema: the page of the infrastructure has every key', (t) => {
  const page = readFileSync('docs/infrastructure.md', 'utf8');

  t.same(
    fleetKeys().filter((key) => !page.includes(`| \`${key.replace('*', 'NAME')}\` |`)),
    [],
  );
  t.end();
});
