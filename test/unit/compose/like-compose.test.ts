/** Files that Compose takes, with the values that it gives: several files, and spellings that are ordinary there. */
import t from 'tap';
import { loadText, mistakesOf, shown, specOf, webFile, webOf } from '../../support/app-file.ts';

const over = (base: string, lines: string, options = {}) =>
  webOf(base, {
    files: ['compose.yaml', 'over.yaml'],
    more: { 'over.yaml': `services:\n  web:\n    ${lines}\n` },
    ...options,
  });

t.test('loadAppFile: a null in an override', (t) => {
  const environment = { DEBUG: 'caller' };
  t.strictSame(over('command: a', 'command: null').command, null);
  t.strictSame(over('entrypoint: a', 'entrypoint:').entrypoint, null);
  t.strictSame(over('user: a', 'user:').user, 'a', 'elsewhere it says nothing');
  t.strictSame(over('labels: {a: b}', 'labels: {a: }').labels, { a: '' });
  t.strictSame(over('environment: {DEBUG: "1"}', 'environment: [DEBUG]', { environment }).environment, environment);
  t.strictSame(over('environment: [DEBUG=1]', 'environment: {DEBUG: }', { environment }).environment, environment);
  t.strictSame(over('environment: {GONE: "1"}', 'environment: [GONE]').environment, {});
  t.end();
});

t.test('loadAppFile: a list over a map, and a map under a list', (t) => {
  const db = '  db:\n    image: db\n';
  const both = (a: string, b: string) =>
    specOf(`${webFile(`depends_on: ${a}`)}${db}`, {
      files: ['compose.yaml', 'over.yaml'],
      more: { 'over.yaml': `services: {web: {depends_on: ${b}}}` },
    }).services.web?.dependsOn;
  t.strictSame(both('{db: {condition: service_healthy}}', '[db]'), { db: 'started' });
  t.strictSame(both('[db]', '{db: {condition: service_healthy}}'), { db: 'healthy' });
  t.strictSame(over('extra_hosts: {a: 1.1.1.1}', 'extra_hosts: ["b:2.2.2.2"]').extraHosts, ['a:1.1.1.1', 'b:2.2.2.2']);
  t.strictSame(over('extra_hosts: ["a:1.1.1.1"]', 'extra_hosts: {b: [2.2.2.2, "::1"]}').extraHosts, [
    'a:1.1.1.1',
    'b:2.2.2.2',
    'b:::1',
  ]);
  t.end();
});

t.test('loadAppFile: an override of comments alone changes nothing', (t) => {
  const files = ['compose.yaml', 'over.yaml'];
  t.equal(webOf('user: a', { files, more: { 'over.yaml': '# nothing\n' } }).user, 'a');
  t.equal(webOf('user: a', { files, more: { 'over.yaml': '' } }).user, 'a');
  t.match(shown(mistakesOf('# nothing\n')), [/the file is empty/]);
  t.end();
});

t.test('loadAppFile: a variable counts where its value does', (t) => {
  const idle = '  idle:\n    image: $NOPE\n    profiles: [idle]\n';
  t.equal(loadText(webFile('init: true', idle)).ok, true, 'not in a profile that is not active');
  t.match(shown(mistakesOf(webFile('init: true', idle), { profiles: ['idle'] })), [
    /^services\.idle\.image 6:12 the variable NOPE/,
  ]);
  t.equal(over('user: $NOPE', 'user: b').user, 'b', 'not below an override');
  t.match(shown(mistakesOf(webFile('labels: ["a=$NOPE"]'))), [
    /^services\.web\.labels\[0\] 4:17 the variable NOPE is not set/,
  ]);
  t.match(shown(mistakesOf(webFile('extends: {service: $NOPE}'))), [
    /extends 4:24 there is no service/,
    /extends\.service 4:24 the variable NOPE/,
  ]);
  t.strictSame(shown(mistakesOf(webFile('hostname: $A', 'volumes: {v: {name: $B}}'))).length, 2, 'said once');
  t.end();
});

t.test('loadAppFile: ordinary spellings', (t) => {
  t.strictSame(over('healthcheck: {test: a}', 'healthcheck: {disable: true}').probe.check, { kind: 'none' });
  t.strictSame(webOf('restart: always\ndeploy: {restart_policy: {condition: any}}').restart, {
    name: 'always',
    maxAttempts: 0,
  });
  t.match(specOf('services: {x-a: {image: a}}').services, { 'x-a': {} }, 'a service may begin with x-');
  const mount = (nocopy: boolean) =>
    webFile(`volumes: [{source: d, target: /d, volume: {nocopy: ${nocopy}}}]`, 'volumes: {d: }');
  t.equal(loadText(mount(false)).ok, true);
  t.match(shown(mistakesOf(mount(true))), [/nocopy: true is not done yet/]);
  t.end();
});

t.test('loadAppFile: file modes are octal, and a decimal number is refused', (t) => {
  const uses = (mode: string) => webFile(`configs: [{source: c, mode: ${mode}}]`, 'configs: {c: {content: x}}');
  for (const mode of ['0440', '"440"', '"0440"', '0o440', '"${N:-440}"'])
    t.equal(specOf(uses(mode)).services.web?.configs[0]?.mode, 0o440, mode);
  t.match(shown(mistakesOf(uses('440'))), [
    /440 is a decimal number, in octal 0670; write 0670, or 0440 if that is meant/,
  ]);
  t.end();
});

t.test('loadAppFile: numbers that Compose would print another way are warnings', (t) => {
  const warned = (value: string) => loadText(webFile(`environment:\n  A: ${value}`)).warnings.length > 0;
  for (const value of ['1.10', '0x10', '1e3', '010', '1_000', '+1', '.5', 'True', '2001-01-01', '1234567.5'])
    t.equal(warned(value), true, value);
  for (const value of ['1', '0', '-3', '1.5', '0.001', 'true', 'yes', '1.2.3', '"1.10"', '8080', '${X:-1.10}', '1e'])
    t.equal(warned(value), false, value);
  t.strictSame(webOf('environment: {A: 1.10}').environment, { A: '1.10' }, 'and stay as written');
  t.end();
});

t.test('loadAppFile: bytes that are not UTF-8 are refused with their line', (t) => {
  t.match(shown(mistakesOf(webFile('user: caf\uFFFD'))), [' 4:14 this is not UTF-8; save the file in that encoding']);
  const more = { 'a.env': 'A=1\nB=caf\uFFFD' };
  t.match(shown(mistakesOf(webFile('env_file: a.env'), { more })), [
    'a.env 2:6 this is not UTF-8; save the file in that encoding',
  ]);
  t.end();
});
