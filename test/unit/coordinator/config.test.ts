import { readFileSync } from 'node:fs';
import t from 'tap';
import { LongshoreError } from '../../../fleet/errors.ts';
import { loopbackAudiences, parseCoordinatorConfig } from '../../../coordinator/config.ts';
import { parseConfigFile } from '../../../coordinator/config/config-file.ts';
import { SETTINGS, settingsOfEnvironment, settingsOfFlags, variableOf } from '../../../coordinator/config/settings.ts';

const parse = (file: string | null, environment: Record<string, string> = {}, flags: readonly string[] = []) =>
  parseCoordinatorConfig({
    file: file === null ? null : parseConfigFile('c.yaml', file),
    environment: settingsOfEnvironment(environment),
    flags: settingsOfFlags(flags),
    hasDatabaseUrl: environment.DATABASE_URL !== undefined,
  });

function mistakes(...args: Parameters<typeof parse>): readonly string[] {
  try {
    parse(...args);
  } catch (error) {
    if (error instanceof LongshoreError && error.code === 'CONFIG_INVALID')
      return error.problem.details.map(
        ({ path, message, line }) => `${path}${line === null ? '' : `:${line}`} ${message}`,
      );
    throw error;
  }
  return [];
}

t.test('config: works without any setting, on loopback, under its own addresses', (t) => {
  const config = parse(null);
  t.same(config.listen, { host: '127.0.0.1', port: 7400 });
  t.equal(config.audiences, null);
  t.same(loopbackAudiences(config, 7400)[0], 'ws://127.0.0.1:7400');
  t.equal(config.secretsKeyFile, '/var/lib/longshore-coordinator/secrets.key');
  t.ok(Object.isFrozen(config));
  t.end();
});

t.test('config: the documented example is valid and names every setting', (t) => {
  const text = readFileSync('coordinator/coordinator.example.yaml', 'utf8');
  const config = parse(text);
  t.same(config.audiences, ['wss://ship.example.com']);
  t.same(config.tls?.certFile, '/etc/longshore/tls/fullchain.pem');
  for (const { key } of SETTINGS) t.match(text, new RegExp(`^(# )?${key}:`, 'm'), key);
  t.end();
});

t.test('config: what is commented out in the example are the defaults', (t) => {
  const commented = readFileSync('coordinator/coordinator.example.yaml', 'utf8')
    .split('\n')
    .flatMap((line) => /^# ([a-z_]+: .*)$/.exec(line)?.[1] ?? [])
    .join('\n');
  t.same(parse(commented), parse(null));
  t.end();
});

t.test('config: flags win over variables, variables over the file', (t) => {
  const file = 'log_level: error\ndata_dir: /file\nkeep_releases: 5\n';
  const config = parse(file, { LONGSHORE_DATA_DIR: '/env', LONGSHORE_LOG_LEVEL: 'warn' }, ['--data-dir', '/flag']);
  t.match(config, { dataDir: '/flag', logLevel: 'warn', keepReleases: 5 });
  t.equal(variableOf('data_dir'), 'LONGSHORE_DATA_DIR');
  t.same(
    parse(null, { LONGSHORE_DATA_DIR: '' }).dataDir,
    '/var/lib/longshore-coordinator',
    'an empty variable is none',
  );
  t.end();
});

t.test('config: /metrics takes a token unless it says otherwise', (t) => {
  t.equal(parse(null).metrics, 'token');
  t.equal(parse('metrics: open\n').metrics, 'open');
  t.match(mistakes('metrics: yes\n').join(), /c\.yaml: metrics.*neither token nor open/);
  t.end();
});

t.test('config: how long the past is kept, and that it is kept for ever', (t) => {
  const day = 86_400_000;
  const usual = { eventsMs: 90 * day, auditMs: 730 * day, eventsBytes: 1024 ** 3, deploymentsMs: 90 * day };
  t.same(parse(null).retention, usual);
  t.same(parse('events: {prune_above: 64m}\n').retention, { ...usual, eventsBytes: 64 * 1024 ** 2 });
  const never =
    'events: {prune_after: never, prune_audit_after: never, prune_above: never}\ndeployments: {prune_after: never}\n';
  t.same(parse(never).retention, { eventsMs: null, auditMs: null, eventsBytes: null, deploymentsMs: null });
  t.same(mistakes('events: {prune_after: 5m, prune_audit_after: soon, prune_above: 1k, keep: 1}\n').toSorted(), [
    'c.yaml: events:1 `keep` is not a setting',
    'c.yaml: events:1 `prune_above` must be at least 16MiB, or never',
    'c.yaml: events:1 `prune_after` must be from 1d to 36525d, or never',
    'c.yaml: events:1 `prune_audit_after` is not a duration such as 90d, or never',
  ]);
  t.match(mistakes('events: never\n').join(), /events:1 takes prune_after, prune_audit_after and prune_above/);
  t.match(mistakes('deployments: {prune_after: 90}\n').join(), /`prune_after` is not a duration such as 90d, or never/);
  t.end();
});

t.test('config: all mistakes are listed at once, each where it was made', (t) => {
  t.same(
    mistakes('listen: nowhere\nfoo: 1\nkeep_releases: many\n', { LONGSHORE_LOG_LEVEL: 'loud' }, [
      '--data-dir',
      'relative',
      '--bogus',
      'x',
    ])
      .map((line) => line.split(' ')[0])
      .sort(),
    ['--data-dir', 'LONGSHORE_LOG_LEVEL', 'c.yaml:', 'c.yaml:', 'c.yaml:', 'flags', 'flags'],
  );
  t.match(mistakes('a: 1\n\tb: 2\n').join(), /tab/);
  t.match(mistakes('- a\n- b\n').join(), /not a list of/);
  t.match(mistakes('data_dir: /a\ndata_dir: /b\n').join(), /unique/);
  t.end();
});

t.test('config: plain HTTP beyond loopback must be asked for, and agents must know the address', (t) => {
  t.match(mistakes('listen: 0.0.0.0:80\n').join('\n'), /without TLS[\s\S]*public_url/);
  t.same(mistakes('listen: 0.0.0.0:80\nallow_insecure: true\npublic_url: http://ship:80\n'), []);
  t.match(mistakes('tls_cert_file: /a.pem\n').join(), /tls_key_file is missing/);
  t.match(mistakes('public_url: ftp://x\n').join(), /not an https/);
  t.end();
});

t.test('config: flags that are none, or lack their value, are mistakes', (t) => {
  t.match(mistakes(null, {}, ['--listen']).join(), /--listen needs a value/);
  t.match(mistakes(null, {}, ['stray']).join(), /`stray` is not a flag/);
  t.same(settingsOfFlags(['--config', '/x.yaml']).configFile, '/x.yaml');
  t.ok(settingsOfFlags(['-h']).help);
  t.end();
});

t.test('config: google names project, bucket and the prefix of its secrets, all mistakes of them at once', (t) => {
  const good = 'google: {project: my-project, bucket: my-project-ship-longshore, secret_prefix: ship}\n';
  t.same(parse(good).google, { project: 'my-project', bucket: 'my-project-ship-longshore', secretPrefix: 'ship' });
  t.equal(parse(null).google, null);
  t.same(mistakes('listen: 127.0.0.1:1\ngoogle: {project: P, secret_prefix: ship, region: x}\n').toSorted(), [
    'c.yaml: google:2 `bucket` is missing',
    'c.yaml: google:2 `project` is not the id of a project',
    'c.yaml: google:2 `region` is not a setting',
  ]);
  t.match(mistakes('google: true\n').join(), /google:1 must have project, bucket and secret_prefix/);
  t.match(mistakes(`${good}secrets_key_file: /x.key\n`).join(), /Secret Manager/);
  t.end();
});

t.test('config: the database is named by one place, and the variable wins over the file', (t) => {
  t.same(parse(null).database, { kind: 'sqlite' });
  const file = 'database: {url_file: /etc/longshore/database-url}\n';
  t.same(parse(file).database, { kind: 'file', urlFile: '/etc/longshore/database-url' });
  t.same(parse(file, { DATABASE_URL: 'postgres://u:p@h/d' }).database, { kind: 'variable' });
  const google = 'google: {project: my-project, bucket: my-project-ship-longshore, secret_prefix: ship}\n';
  t.same(parse(`${google}database: {cloud_sql: ship-coordinator}\n`).database, {
    kind: 'cloud-sql',
    instance: 'ship-coordinator',
  });
  t.match(mistakes('database: {cloud_sql: ship-coordinator}\n').join(), /database:1 `cloud_sql` needs google/);
  t.match(mistakes('database: {begin: false}\n').join(), /database:1 must have url_file, or cloud_sql/);
  t.equal(parse('database: {url_file: /x, begin: false}\n').beginsData, false);
  t.match(mistakes('database: {}\n').join(), /database:1 must have url_file, or cloud_sql/);
  t.match(mistakes(`${google}database: {cloud_sql: a, url_file: /x}\n`).join(), /must have url_file, or cloud_sql/);
  t.match(mistakes('database: postgres://u:swordfish@h/d\n').join(), /database:1 must have url_file, or cloud_sql/);
  t.notMatch(mistakes('database: postgres://u:swordfish@h/d\n').join(), /swordfish/);
  t.match(mistakes('database: {url_file: relative}\n').join(), /`url_file` is not an absolute path/);
  t.end();
});

t.test('config: trusted proxies are addresses and ranges', (t) => {
  t.same(parse('trusted_proxies: [127.0.0.1, 10.0.0.0/8, "fd00::/8"]').trustedProxies, [
    '127.0.0.1',
    '10.0.0.0/8',
    'fd00::/8',
  ]);
  t.match(mistakes('trusted_proxies: [proxy.example]'), [/trusted_proxies:1 .*is not an address or a range/]);
  t.end();
});
