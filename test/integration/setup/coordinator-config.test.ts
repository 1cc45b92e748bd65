/** The configuration that the coordinator's machine writes is one that the coordinator takes. */
import { execFileSync } from 'node:child_process';
import t from 'tap';
import { parseCoordinatorConfig } from '../../../coordinator/config.ts';
import type { CoordinatorConfig } from '../../../coordinator/config.ts';
import { parseConfigFile } from '../../../coordinator/config/config-file.ts';
import { settingsOfFlags } from '../../../coordinator/config/settings.ts';
import { COORDINATOR_FUNCTIONS } from '../../../setup/coordinator-functions.ts';

function written(database: string): CoordinatorConfig {
  const values = {
    DOMAIN: 'ship.example.com',
    PUBLIC_ADDRESS: '203.0.113.7',
    INTERNAL_ADDRESS: '10.64.0.10',
    PROJECT: 'my-project',
    BUCKET: 'my-project-ship-longshore',
    SECRET_PREFIX: 'ship-longshore',
    DATABASE: database,
  };
  const script = `set -euo pipefail\n${COORDINATOR_FUNCTIONS}\ncoordinator_config`;
  const text = execFileSync('bash', ['-c', script], { encoding: 'utf8', env: { ...process.env, ...values } });
  const file = parseConfigFile('/etc/longshore/coordinator.yaml', text);
  return parseCoordinatorConfig({ file, environment: {}, flags: settingsOfFlags([]), hasDatabaseUrl: false });
}

t.test('coordinator_config: addresses and Google; the data on its disk', (t) => {
  t.match(written(''), {
    audiences: ['wss://10.64.0.10', 'wss://ship.example.com'],
    google: { project: 'my-project', bucket: 'my-project-ship-longshore', secretPrefix: 'ship-longshore' },
    database: { kind: 'sqlite' },
    trustedProxies: ['127.0.0.1'],
  });
  t.end();
});

t.test('coordinator_config: the data in Cloud SQL where the metadata names an instance', (t) => {
  t.same(written('ship-coordinator').database, { kind: 'cloud-sql', instance: 'ship-coordinator' });
  t.end();
});
