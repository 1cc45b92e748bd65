import { readFileSync } from 'node:fs';
import t from 'tap';
import { LongshoreError, type ProblemDetail } from '../../../fleet/errors.ts';
import { parseConfigFile } from '../../../agent/config/config-file.ts';
import { settingsOfEnvironment, settingsOfFlags } from '../../../agent/config/settings.ts';
import { parseAgentConfig, type AgentConfig } from '../../../agent/config.ts';

interface Given {
  readonly file?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly hostname?: string;
}

async function parse({ file, env = {}, args = [], hostname = 'box' }: Given): Promise<AgentConfig> {
  return parseAgentConfig({
    file: file === undefined ? null : { path: 'agent.yaml', parsed: await parseConfigFile(file) },
    environment: settingsOfEnvironment(env),
    flags: settingsOfFlags(args),
    hostname,
  });
}

async function problemsOf(given: Given): Promise<readonly ProblemDetail[]> {
  try {
    await parse(given);
  } catch (error) {
    if (error instanceof LongshoreError && error.code === 'CONFIG_INVALID') return error.problem.details;
    throw error;
  }
  throw new Error('the configuration was taken');
}

t.test('parseAgentConfig: several addresses of coordinators', async (t) => {
  const both = ['wss://a', 'wss://b:7400'];
  t.same((await parse({ file: 'coordinator: [wss://a, https://B:7400/]' })).coordinators, both);
  t.same((await parse({ env: { LONGSHORE_COORDINATOR: 'wss://a, wss://b:7400' } })).coordinators, both);
});

t.test('parseAgentConfig: the documented example file is valid', async (t) => {
  const config = await parse({ file: readFileSync('agent/agent.example.yaml', 'utf8') });

  t.same(config.coordinators, ['wss://ship.example.com']);
  t.same(config.labels, { zone: 'north', disk: 'ssd' });
  t.same(config.enrollToken, { kind: 'file', path: '/etc/longshore/enroll-token' });
  t.same(config.policy, {
    privileged: false,
    hostNetwork: false,
    dockerSocket: false,
    sharedVolumes: false,
    exec: true,
  });
});

t.test('parseAgentConfig: the example shows every setting, and its defaults are the real ones', async (t) => {
  const example = readFileSync('agent/agent.example.yaml', 'utf8');
  const shown = example.replaceAll(/^( *)# ([a-z_]+: (?!\n).*)$/gm, '$1$2');

  const config = await parse({ file: shown.replace('ca_file: /etc/longshore/ca.pem', 'ca_file: null') });

  t.same(config, await parse({ file: example }));
});

t.test('parseAgentConfig: flags win over variables, variables over the file, the file over defaults', async (t) => {
  const file = 'coordinator: wss://file\nname: of-file\nlog_level: warn\ningress: {http_port: 81, https_port: 82}\n';
  const env = { LONGSHORE_NAME: 'of-env', LONGSHORE_LOG_LEVEL: 'debug', LONGSHORE_INGRESS_HTTPS_PORT: '83' };

  const config = await parse({ file, env, args: ['--log-level', 'error', '--label', 'a=1', '--label', 'b=x=y'] });

  t.same(config.coordinators, ['wss://file']);
  t.equal(config.name, 'of-env');
  t.equal(config.logLevel, 'error');
  t.equal(config.ingress?.httpPort, 81);
  t.equal(config.ingress?.httpsPort, 83);
  t.same(config.labels, { a: '1', b: 'x=y' });
  t.equal(config.dataDir, '/var/lib/longshore-agent');
});

t.test('parseAgentConfig: the result cannot be changed', async (t) => {
  const config = await parse({ file: 'coordinator: wss://x' });

  t.ok(Object.isFrozen(config) && Object.isFrozen(config.policy) && Object.isFrozen(config.labels));
});

t.test('parseAgentConfig: wss is required except to this machine or when told', async (t) => {
  const allowed: readonly (readonly [string, Given])[] = [
    ['wss://a.example:7400', {}],
    ['ws://localhost:7400', {}],
    ['ws://127.0.0.1:7400', {}],
    ['ws://[::1]:7400', {}],
    ['http://127.1.2.3', {}],
    ['ws://10.0.0.1', { args: ['--allow-insecure', 'true'] }],
  ];
  for (const [url, given] of allowed) {
    const config = await parse({ ...given, env: { LONGSHORE_COORDINATOR: url } });
    t.match(config.coordinators, [/^wss?:/], url);
  }
  for (const url of ['ws://10.0.0.1', 'http://a.example', 'ws://localhost.evil.example', 'ws://127.evil.example']) {
    const [problem] = await problemsOf({ env: { LONGSHORE_COORDINATOR: url } });
    t.match(problem, { path: 'LONGSHORE_COORDINATOR', message: /unencrypted/ }, url);
  }
});

t.test('parseAgentConfig: all problems come at once, each with its place', async (t) => {
  const file =
    'coordinator: ftp://x\nnmae: a\nlabels: [1]\ningress:\n  http_port: 99999\n  colour: red\nsubnet_pool: 10.0.0.1/16\n';

  const problems = await problemsOf({ file, env: { LONGSHORE_LOG_LEVEL: 'loud' }, args: ['--data-dir', 'relative'] });

  const found = problems.map(({ path, line, column }) => [path, line, column]);
  t.same(
    found.sort(),
    [
      ['--data-dir', null, null],
      ['LONGSHORE_LOG_LEVEL', null, null],
      ['agent.yaml: ingress.colour', 6, 3],
      ['agent.yaml: ingress.http_port', 5, 3],
      ['agent.yaml: labels', 3, 1],
      ['agent.yaml: nmae', 2, 1],
      ['agent.yaml: subnet_pool', 7, 1],
    ].sort(),
  );
});

t.test('parseAgentConfig: what is wrong, setting by setting', async (t) => {
  const table: readonly (readonly [Given, RegExp])[] = [
    [{}, /missing: the address of the coordinator/],
    [{ file: 'coordinator: ship.example.com' }, /must be an address as wss/],
    [{ file: 'coordinator: wss://a/path' }, /scheme, host and port only/],
    [{ file: 'coordinator: wss://a,,wss://b' }, /must be an address as wss/],
    [{ file: 'coordinator: [wss://a, ws://b.example]' }, /unencrypted to b\.example/],
    [{ file: 'coordinator: wss://me:secret@a' }, /scheme, host and port only/],
    [{ file: 'coordinator: wss://a\nenroll_token: abc' }, /does not stand in the configuration/],
    [{ file: 'coordinator: wss://a\nname: "a b"' }, /at most 63/],
    [{ file: 'coordinator: wss://a', hostname: 'a b' }, /host name `a b` cannot be a name/],
    [{ file: 'coordinator: wss://a\nhttp_listen: localhost' }, /HOST:PORT/],
    [{ file: 'coordinator: wss://a\nhttp_listen: localhost:70000' }, /HOST:PORT/],
    [{ file: 'coordinator: wss://a\nsubnet_pool: 10.0.0.0/30' }, /8 to 24 bits/],
    [{ file: 'coordinator: wss://a\ningress: {http_port: null, https_port: null}' }, /needs http_port or https_port/],
    [{ file: 'coordinator: wss://a\ningress: {http_port: 80, https_port: 80}' }, /are the same/],
    [{ file: 'coordinator: ws://127.0.0.1\nca_file: /ca.pem' }, /no meaning without wss/],
    [{ file: 'coordinator: wss://a\ncoordinator: wss://b' }, /unique/i],
    [{ file: 'a:\n\t- b' }, /tab/],
    [{ file: '- a\n- b' }, /is a list/],
    [{ args: ['--coordinator'] }, /needs a value/],
    [{ args: ['--label', 'novalue', '--coordinator', 'wss://a'] }, /record|object/i],
    [{ args: ['--enroll-token', 'abc', '--coordinator', 'wss://a'] }, /seen by every user/],
    [{ args: ['start', '--coordinator', 'wss://a'] }, /not expected/],
  ];
  for (const [given, pattern] of table) {
    const problems = await problemsOf(given);
    t.ok(
      problems.some(({ message }) => pattern.test(message)),
      `${JSON.stringify(given)}: ${problems.map(({ message }) => message).join(' | ')}`,
    );
  }
});

t.test('parseAgentConfig: a token stands in no message', async (t) => {
  const problems = await problemsOf({
    args: ['--enroll-token', 'tok-secret'],
    env: { LONGSHORE_ENROLL_TOKEN: 'tok-secret' },
  });

  t.notMatch(JSON.stringify(problems), /tok-secret/);
  const config = await parse({ env: { LONGSHORE_COORDINATOR: 'wss://a', LONGSHORE_ENROLL_TOKEN: 'tok' } });
  t.same(config.enrollToken, { kind: 'value', token: 'tok' });
});

t.test('parseConfigFile: a bomb of aliases is a problem and takes no time', async (t) => {
  const levels = Array.from({ length: 12 }, (_, level) => {
    const part = level === 0 ? 'x' : `*l${level - 1}`;
    return `l${level}: &l${level} [${Array.from({ length: 10 }, () => part).join(', ')}]`;
  });

  const { problems } = await parseConfigFile(levels.join('\n'));

  t.match(problems[0]?.message, /alias/i);
});

t.test('parseAgentConfig: identity google takes neither a token nor labels of its own', async (t) => {
  const config = await parse({ file: 'coordinator: wss://a\nidentity: google\n' });
  const problems = await problemsOf({
    file: 'coordinator: wss://a\nidentity: google\nenroll_token_file: /x\nlabels: {a: b}\n',
  });
  const unknown = await problemsOf({ file: 'coordinator: wss://a\nidentity: aws\n' });

  t.equal(config.identity, 'google');
  t.equal((await parse({ file: 'coordinator: wss://a\n' })).identity, 'token');
  t.match(problems, [
    { path: 'agent.yaml: enroll_token_file', message: /no meaning with identity: google/, line: 3 },
    { path: 'agent.yaml: labels', message: /fleet\.yaml/, line: 4 },
  ]);
  t.match(unknown, [{ path: 'agent.yaml: identity', message: 'must be token or google' }]);
});
