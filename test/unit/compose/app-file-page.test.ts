/** docs/app-file.md says of each key what the code does with it, and its examples are read. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { BUILD_KEYS } from '../../../compose/keys/build.ts';
import { CONFIG_KEYS } from '../../../compose/keys/configs.ts';
import { DEPLOY_KEYS } from '../../../compose/keys/deploy.ts';
import { HEALTHCHECK_KEYS } from '../../../compose/keys/healthcheck.ts';
import type { KeyRule, KeyTable } from '../../../compose/keys/key-table.ts';
import { LONGSHORE_APP_KEYS } from '../../../compose/keys/longshore-app.ts';
import { LONGSHORE_SERVICE_KEYS } from '../../../compose/keys/longshore-service.ts';
import { NETWORK_KEYS } from '../../../compose/keys/networks.ts';
import { UPDATE_CONFIG_KEYS } from '../../../compose/keys/rollout-statement.ts';
import { SECRET_KEYS } from '../../../compose/keys/secrets.ts';
import { SERVICE_KEYS } from '../../../compose/keys/service-keys.ts';
import { VOLUME_KEYS } from '../../../compose/keys/volumes.ts';
import { APP_KEYS } from '../../../compose/read-app.ts';
import { loadText } from '../../support/app-file.ts';
import { codeWords, markdownTable } from '../../support/markdown-table.ts';

const PAGE = 'docs/app-file.md';

const TABLES: Readonly<Record<string, KeyTable>> = {
  'Top level': APP_KEYS,
  Services: SERVICE_KEYS,
  build: BUILD_KEYS,
  healthcheck: HEALTHCHECK_KEYS,
  deploy: DEPLOY_KEYS,
  update_config: UPDATE_CONFIG_KEYS,
  Networks: NETWORK_KEYS,
  Volumes: VOLUME_KEYS,
  Configs: CONFIG_KEYS,
  Secrets: SECRET_KEYS,
  'x-longshore at the top': LONGSHORE_APP_KEYS,
  'x-longshore of a service': LONGSHORE_SERVICE_KEYS,
};

function stateOf(rule: KeyRule): string {
  if (rule === 'read') return 'done';
  return 'later' in rule ? 'error' : 'warning';
}

t.test('docs/app-file.md: every key and its state', (t) => {
  for (const [heading, table] of Object.entries(TABLES)) {
    const rows = markdownTable(PAGE, heading).flatMap((row) => codeWords(row[0]).map((key) => [key, row[1]] as const));
    const known = Object.entries(table).map(([key, rule]) => [key, stateOf(rule)] as const);
    const sorted = (pairs: readonly (readonly [string, string | undefined])[]) =>
      pairs.map((pair) => pair.join(' ')).sort();
    t.strictSame(sorted(rows), sorted(known), heading);
  }
  t.end();
});

t.test('docs/app-file.md: its examples are right', (t) => {
  const examples = [...readFileSync(PAGE, 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  t.equal(examples.length, 2);
  const [app = '', service = ''] = examples;
  const loaded = loadText(`${service}\nsecrets: { api_key: { external: true } }\n${app}`);
  t.match(loaded, { ok: true });
  t.strictSame(loaded.warnings, []);
  t.end();
});
