/** The configuration that the coordinator's machine writes is one that the coordinator takes. */
import { execFileSync } from 'node:child_process';
import t from 'tap';
import { parseCoordinatorConfig } from '../../../coordinator/config.ts';
import type { CoordinatorConfig } from '../../../coordinator/config.ts';
import { parseConfigFile } from '../../../coordinator/config/config-file.ts';
import { settingsOfFlags } from '../../../coordinator/config/settings.ts';
import { COORDINATOR_FUNCTIONS } from '../../../setup/coordinator-functions.ts';

const VALUES = {
  DOMAIN: 'ship.example.com',
  PUBLIC_ADDRESS: '203.0.113.7',
  INTERNAL_ADDRESS: '10.64.0.10',
  PROJECT: 'my-project',
  BUCKET: 'my-project-ship-longshore',
  SECRET_PREFIX: 'ship-longshore',
  DATABASE: '',
  STANDBY: '',
  ACME_EMAIL: '',
  TLS: '/tls',
};

function said(call: string, values: Partial<typeof VALUES> = {}): string {
  const script = `set -euo pipefail\n${COORDINATOR_FUNCTIONS}\nTLS=/tls DISK=/disk\n${call}`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8', env: { ...process.env, ...VALUES, ...values } });
}

function written(values: Partial<typeof VALUES> = {}): CoordinatorConfig {
  const file = parseConfigFile('/etc/longshore/coordinator.yaml', said('coordinator_config', values));
  return parseCoordinatorConfig({ file, environment: {}, flags: settingsOfFlags([]), hasDatabaseUrl: false });
}

t.test('coordinator_config: addresses and Google; the data on its disk', (t) => {
  t.match(written(), {
    audiences: ['wss://10.64.0.10', 'wss://ship.example.com'],
    google: { project: 'my-project', bucket: 'my-project-ship-longshore', secretPrefix: 'ship-longshore' },
    database: { kind: 'sqlite' },
    trustedProxies: ['127.0.0.1'],
  });
  t.end();
});

t.test('coordinator_config: the data in Cloud SQL where the metadata names an instance', (t) => {
  t.same(written({ DATABASE: 'ship-coordinator' }).database, { kind: 'cloud-sql', instance: 'ship-coordinator' });
  t.end();
});

t.test('coordinator_config: a standby never begins an empty database', (t) => {
  t.equal(written({ DATABASE: 'ship-coordinator' }).beginsData, true);
  t.match(written({ DATABASE: 'ship-coordinator', STANDBY: 'yes' }), {
    database: { kind: 'cloud-sql', instance: 'ship-coordinator' },
    beginsData: false,
  });
  t.end();
});

t.test('coordinator_config: one without a public address is reached at its internal one, and through a tunnel', (t) => {
  const alone = { DOMAIN: '', PUBLIC_ADDRESS: '' };
  t.same(written(alone).audiences, ['wss://10.64.0.10']);
  t.match(said('caddy_config', alone), /^https:\/\/10\.64\.0\.10, https:\/\/127\.0\.0\.1, https:\/\/localhost \{$/m);
  t.notMatch(said('caddy_config'), /127\.0\.0\.1,/);
  t.end();
});
