/** Several -f files and `extends`, by the rules of Compose. */
import t from 'tap';
import { loadText, mistakesOf, shown } from '../../../support/app-file.ts';
import type { ServiceSpec } from '../../../../fleet/app-spec.ts';

function merged(base: string, over: string): ServiceSpec {
  const loaded = loadText(`services:\n  web: ${base}\nvolumes: {d: , e: }\n`, {
    files: ['compose.yaml', 'over.yaml'],
    more: { 'over.yaml': `services:\n  web: ${over}\n` },
  });
  if (!loaded.ok) throw new Error(shown(loaded.problem.details).join('\n'));
  const web = loaded.spec.services.web;
  if (web === undefined) throw new Error('no web');
  return web;
}

t.test('merge: the later file wins, maps merge, lists append', (t) => {
  t.match(merged('{image: a, user: x}', '{image: b, init: true}'), {
    image: { reference: 'b' },
    user: 'x',
    init: true,
  });
  t.strictSame(merged('{image: a, environment: [A=1, B=1]}', '{environment: {B: 2, C: 3}}').environment, {
    A: '1',
    B: '2',
    C: '3',
  });
  t.strictSame(merged('{image: a, labels: {a: 1}}', '{labels: [b=2]}').labels, { a: '1', b: '2' });
  t.strictSame(merged('{image: a, cap_add: [X, Y]}', '{cap_add: [Y, Z]}').capAdd, ['X', 'Y', 'Z']);
  t.strictSame(merged('{image: a, user: x}', '{user: }').user, 'x', 'null leaves what is there');
  t.end();
});

t.test('merge: command, entrypoint and healthcheck.test are replaced', (t) => {
  t.strictSame(merged('{image: a, command: [a, b]}', '{command: [c]}').command, ['c']);
  t.strictSame(merged('{image: a, entrypoint: a b}', '{entrypoint: c}').entrypoint, ['c']);
  const { check, retries } = merged(
    '{image: a, healthcheck: {test: [CMD, a], retries: 9}}',
    '{healthcheck: {test: [CMD, b]}}',
  ).probe;
  t.strictSame({ check, retries }, { check: { kind: 'exec', command: ['b'] }, retries: 9 });
  t.end();
});

t.test('merge: ports, volumes, depends_on, ulimits and logging by their key', (t) => {
  t.equal(
    merged('{image: a, ports: ["80:80"]}', '{ports: ["80:80/tcp", {target: 80, published: 80}, "81:80"]}').ports.length,
    2,
  );
  t.match(merged('{image: a, volumes: ["d:/x", "d:/y"]}', '{volumes: ["e:/x:ro"]}').mounts, [
    { volume: 'e', target: '/x', readOnly: true },
    { volume: 'd', target: '/y' },
  ]);
  t.match(merged('{image: a, ulimits: {nofile: {soft: 1, hard: 2}}}', '{ulimits: {nofile: 3}}').ulimits, [
    { soft: 3, hard: 3 },
  ]);
  t.strictSame(
    merged('{image: a, logging: {driver: x, options: {a: 1}}}', '{logging: {driver: y, options: {b: 2}}}').logging,
    { driver: 'y', options: { b: '2' } },
  );
  t.strictSame(merged('{image: a, logging: {driver: x, options: {a: 1}}}', '{logging: {options: {b: 2}}}').logging, {
    driver: 'x',
    options: { a: '1', b: '2' },
  });
  t.end();
});

t.test('merge: !reset takes away, !override replaces', (t) => {
  t.strictSame(merged('{image: a, ports: ["80"], user: x}', '{ports: !reset [], user: !reset null}'), {
    ...merged('{image: a}', '{}'),
  });
  t.strictSame(merged('{image: a, cap_add: [X]}', '{cap_add: !override [Y]}').capAdd, ['Y']);
  t.strictSame(merged('{image: a, environment: {A: 1}}', '{environment: !override {B: 2}}').environment, { B: '2' });
  t.end();
});

t.test('merge: a mistake is shown in the file that has it', (t) => {
  const details = mistakesOf('services:\n  web:\n    image: a\n    init: 1\n', {
    files: ['compose.yaml', 'over.yaml'],
    more: { 'over.yaml': 'services:\n  web:\n    tty: 2\n' },
  });
  t.match(details, [
    { path: 'compose.yaml: services.web.init', line: 4 },
    { path: 'over.yaml: services.web.tty', line: 3 },
  ]);
  t.end();
});

t.test('extends: the same file, another file, and on', (t) => {
  const loaded = loadText(
    'services:\n  web: {extends: base, command: [x]}\n  base: {image: a, environment: {A: 1}}\n  far: {extends: {file: sub/other.yaml, service: far}, environment: {C: 3}}\n',
    {
      more: {
        'sub/other.yaml':
          'services:\n  far: {extends: near, env_file: far.env}\n  near: {image: n, init: true, build: ./ctx}\n',
        'sub/far.env': 'B=2\n',
      },
    },
  );
  t.ok(loaded.ok);
  if (!loaded.ok) throw new Error('not read');
  t.match(loaded.spec.services.web, { image: { reference: 'a' }, command: ['x'], environment: { A: '1' } });
  t.match(loaded.spec.services.far, { image: { reference: 'n' }, init: true, environment: { B: '2', C: '3' } });
  t.match(loaded.builds, [{ service: 'far', context: 'sub/ctx' }], 'paths stay relative to the file that names them');
  t.end();
});

t.test('extends: circles, missing services and files are named', (t) => {
  const say = (services: string, more = {}) => mistakesOf(`services:\n${services}`, { more });
  t.match(say('  a: {extends: b, image: x}\n  b: {extends: a, image: x}\n')[0], {
    path: 'compose.yaml: services.a.extends',
    line: 2,
    message: 'extends itself in a circle: compose.yaml: a -> compose.yaml: b -> compose.yaml: a',
  });
  t.match(say('  web: {extends: wep, image: x}\n'), [
    { line: 2, column: 18, message: 'there is no service "wep" (did you mean "web"?)' },
  ]);
  t.match(say('  a: {extends: {file: o.yaml, service: x}, image: x}\n'), [
    { message: 'there is no file o.yaml', line: 2 },
  ]);
  t.match(say('  a: {extends: {file: o.yaml, service: x}, image: x}\n', { 'o.yaml': 'services: {y: {image: z}}\n' }), [
    { message: /no service "x" in o\.yaml/ },
  ]);
  t.match(say('  a: {extends: [b], image: x}\n'), [{ message: /takes the name of a service/ }]);
  t.end();
});
