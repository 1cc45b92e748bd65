import t from 'tap';
import { EXAMPLE_APP_FILE } from '../../../compose/example-app-file.ts';
import { loadText, mistakesOf, specOf, webFile, webOf } from '../../support/app-file.ts';

t.test('loadAppFile: the example of `longshore init` is right and silent', (t) => {
  const loaded = loadText(EXAMPLE_APP_FILE);
  t.match(loaded, { ok: true, warnings: [] });
  t.strictSame(loaded.warnings, []);
  const uncommented = EXAMPLE_APP_FILE.replace(
    /^( *)# ((?:build|ports|depends_on|db|volumes|data|image|healthcheck|test|condition|replicas|min_healthy_time|healthy_deadline|secrets|api_key|external|hosts|pools|labels|window):?.*| {2,}\S.*)$/gm,
    '$1$2',
  );
  t.match(loadText(uncommented), { ok: true }, 'also with every comment taken away');
  t.end();
});

t.test('loadAppFile: the name of the app', (t) => {
  const named = (text: string, options = {}) => specOf(text, { projectName: undefined, ...options } as never).name;
  const file = webFile('init: true');
  t.equal(named(`name: mine\n${file}`), 'mine');
  t.equal(named(`name: mine\n${file}`, { environment: { COMPOSE_PROJECT_NAME: 'env' } }), 'env');
  t.equal(named(`name: mine\n${file}`, { projectName: 'said' }), 'said');
  t.equal(named('', { files: ['/srv/My App/compose.yaml'], more: { '/srv/My App/compose.yaml': file } }), 'myapp');
  t.match(mistakesOf(file, { projectName: undefined } as never), [
    { path: 'compose.yaml: name', message: /has no name/ },
  ]);
  t.match(mistakesOf(file, { projectName: 'Upper' }), [{ message: /"Upper" is not a valid name for an app/ }]);
  t.match(mistakesOf(file, { projectName: 'constructor' }), [{ message: /"constructor" is a name that JavaScript/ }]);
  t.end();
});

t.test('loadAppFile: COMPOSE_PROJECT_NAME and COMPOSE_PROFILES, also from .env and for interpolation', (t) => {
  const text = `name: \${A:-mine}\n${webFile('hostname: $COMPOSE_PROJECT_NAME\nprofiles: [p]')}`;
  const load = (options = {}) =>
    specOf(text, { projectName: undefined, environment: { COMPOSE_PROFILES: 'o,p' }, ...options } as never);
  t.match(load(), { name: 'mine', services: { web: { hostname: 'mine' } } });
  t.match(load({ projectName: 'said' }), { name: 'said', services: { web: { hostname: 'said' } } });
  const more = { '.env': 'COMPOSE_PROJECT_NAME=env\nCOMPOSE_PROFILES=p\n' };
  t.match(load({ more, environment: {} }), { name: 'env', services: { web: { hostname: 'env' } } });
  const files = ['compose.yaml', 'over.yaml'];
  t.match(load({ files, more: { 'over.yaml': 'name: later' } }), { services: { web: { hostname: 'later' } } });
  t.match(mistakesOf(text.replace('${A:-mine}', '$COMPOSE_PROJECT_NAME'), { projectName: undefined } as never)[1], {
    message: /COMPOSE_PROJECT_NAME is not set/,
  });
  t.end();
});

t.test('loadAppFile: variables come from the environment, then from .env', (t) => {
  const file = webFile('user: ${A}-${B}');
  const env = { '.env': 'A=file\nB=${A}x\n' };
  t.equal(webOf('user: ${A}-${B}', { more: env }).user, 'file-filex');
  t.equal(webOf('user: ${A}-${B}', { more: env, environment: { A: 'out' } }).user, 'out-outx');
  t.match(mistakesOf(file, { more: { '.env': 'A=1\n-\n' }, environment: { B: '' } }), [{ path: '.env', line: 2 }]);
  t.match(mistakesOf(file, { envFiles: ['x.env'] })[0], { message: /./ });
  t.end();
});

t.test("loadAppFile: a variable that gives nothing is an empty text, whatever the caller's environment has", (t) => {
  const environment = { HTTP_PROXY: 'http://caller', HOME: '/root', EMPTY: '' };
  const lines = 'environment:\n  HTTP_PROXY: "${APP_PROXY:-}"\n  HOME: ${X:-}\n  PWD: $EMPTY\n  TERM: ${X+x}';
  t.strictSame(webOf(lines, { environment }).environment, { HTTP_PROXY: '', HOME: '', PWD: '', TERM: '' });
  t.strictSame(webOf('environment: ["HOME=${X:-}"]', { environment }).environment, { HOME: '' });
  const built = loadText(webFile('build:\n  context: .\n  args:\n    HOME: ${X:-}'), { environment });
  t.match(built, { ok: true, builds: [{ args: { HOME: '' } }] });
  t.end();
});

t.test('loadAppFile: env_file under environment, later files over earlier', (t) => {
  const lines =
    'env_file: [a.env, {path: b.env}, {path: none.env, required: false}]\nenvironment: {D: own, OUT: , GONE: }';
  const more = { 'a.env': 'A=a\nB=a\nD=a\nGONE=a\n', 'b.env': 'B=b\nC=${A:-none}\n' };
  const loaded = loadText(webFile(lines), { more, environment: { OUT: 'outside' } });
  t.ok(loaded.ok);
  if (loaded.ok)
    t.strictSame(loaded.spec.services.web?.environment, { A: 'a', B: 'b', D: 'own', C: 'none', OUT: 'outside' });
  t.match(loaded.warnings, [{ path: 'compose.yaml: services.web.environment.GONE', message: /GONE has no value/ }]);
  t.match(mistakesOf(webFile('env_file: a.env'), { more: { 'a.env': 'OK=1\nA=$NONE\n' } }), [
    { path: 'a.env: A', line: 2 },
  ]);
  t.end();
});

t.test('loadAppFile: anchors and merge keys', (t) => {
  const text =
    'x-base: &base\n  image: a\n  init: true\n  environment: &env {A: 1}\nservices:\n  web:\n    <<: *base\n    environment: {<<: *env, B: 2}\n';
  t.match(specOf(text).services.web, { init: true, image: { reference: 'a' }, environment: { A: '1', B: '2' } });
  t.end();
});

t.test('loadAppFile: keys of no meaning here are warnings with the reason; x- keys pass', (t) => {
  const loaded = loadText('version: "3"\nx-anything: {a: 1}\n' + webFile('container_name: w\nx-more: 1'));
  t.ok(loaded.ok);
  t.match(loaded.warnings, [
    { path: 'compose.yaml: version', line: 1, column: 1, message: /"version" means nothing here/ },
    { path: 'compose.yaml: services.web.container_name', line: 6, column: 5, message: /names are ours/ },
  ]);
  t.match(loadText('x-longshor: {}\n' + webFile('')).warnings, [{ message: /did you mean "x-longshore"/ }]);
  t.match(loadText(webFile('x-longshore: {ingress: "a.org:80"}')).warnings, [{ message: /without a health check/ }]);
  t.end();
});

t.test('loadAppFile: profiles', (t) => {
  const text =
    'services:\n  a: {image: x}\n  b: {image: x, profiles: [debug]}\n  c: {image: x, depends_on: {b: {condition: service_started, required: false}}}\n';
  t.strictSame(Object.keys(specOf(text).services), ['a', 'c']);
  t.strictSame(Object.keys(specOf(text, { profiles: ['debug'] }).services), ['a', 'b', 'c']);
  t.strictSame(Object.keys(specOf(text, { environment: { COMPOSE_PROFILES: 'x, debug' } }).services), ['a', 'b', 'c']);
  t.match(mistakesOf(text.replace(', required: false', '')), [
    {
      path: 'compose.yaml: services.c.depends_on.b',
      line: 4,
      message: /"b" is in the profile debug, which is not active/,
    },
  ]);
  t.end();
});

t.test('loadAppFile: depends_on, and a job is not restarted', (t) => {
  const text =
    'services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: {c: {condition: service_completed_successfully}, d: {condition: service_healthy}}}\n  c: {image: x}\n  d: {image: x}\n';
  const { a, b, c, d } = specOf(text).services;
  t.strictSame(a?.dependsOn, { b: 'started' });
  t.strictSame(b?.dependsOn, { c: 'completed', d: 'healthy' });
  t.equal(c?.restart.name, 'no');
  t.equal(d?.restart.name, 'unless-stopped');
  t.end();
});

t.test('loadAppFile: x-longshore.run makes a one-shot, and only `always` is stated in the spec', (t) => {
  const text =
    'services:\n  a: {image: x, x-longshore: {run: always}}\n  b: {image: x, x-longshore: {run: deploy}}\n  c: {image: x}\n';
  const { a, b, c } = specOf(text).services;
  t.match(a, { run: 'always', restart: { name: 'no' } });
  t.match(b, { restart: { name: 'no' } });
  t.notOk(b !== undefined && 'run' in b);
  t.match(c, { restart: { name: 'unless-stopped' } });
  const once = 'services:\n  a: {image: x, x-longshore: {once: deployment}}\n  b: {image: x, depends_on: [a]}\n';
  t.match(specOf(once).services.a, { once: 'deployment', restart: { name: 'no' } });
  t.end();
});

t.test('loadAppFile: builds', (t) => {
  const text =
    'services:\n  a: {image: r/a, build: ./a}\n  b:\n    image: r/b\n    platform: linux/arm64\n    build:\n      context: .\n      dockerfile: b/Dockerfile\n      args: [X=1, FROM_ENV, NONE]\n      target: run\n';
  const loaded = loadText('', {
    files: ['sub/compose.yaml'],
    more: { 'sub/compose.yaml': text },
    environment: { FROM_ENV: 'e' },
  });
  t.ok(loaded.ok);
  if (!loaded.ok) throw new Error('not read');
  const rest = { labels: {}, noCache: false, pull: false, network: null };
  t.strictSame(loaded.builds, [
    {
      service: 'a',
      image: 'r/a',
      context: 'sub/a',
      dockerfile: 'Dockerfile',
      args: {},
      target: null,
      platform: null,
      ...rest,
    },
    {
      service: 'b',
      image: 'r/b',
      context: 'sub',
      dockerfile: 'b/Dockerfile',
      args: { X: '1', FROM_ENV: 'e' },
      target: 'run',
      platform: 'linux/arm64',
      ...rest,
    },
  ]);
  t.match(loaded.warnings, [{ message: /NONE has no value/ }]);
  t.end();
});

t.test('loadAppFile: volumes, configs and secrets at the top', (t) => {
  const text = webFile(
    'init: true',
    'volumes:\n  a:\n  b: {external: true}\n  c: {name: real, driver: local, driver_opts: {type: nfs}}\nconfigs:\n  f: {file: ./conf/f.txt}\n  g: {content: "x${A}"}\n  h: {environment: A}\nsecrets:\n  s: {external: true, name: stored}\n',
  );
  const spec = specOf(text, { more: { 'conf/f.txt': 'text' }, environment: { A: 'a' } });
  t.strictSame(spec.volumes, {
    a: { external: false, name: null, driver: null, driverOpts: {}, labels: {} },
    b: { external: true, name: 'b', driver: null, driverOpts: {}, labels: {} },
    c: { external: false, name: 'real', driver: 'local', driverOpts: { type: 'nfs' }, labels: {} },
  });
  t.strictSame(spec.configs, { f: { content: 'text' }, g: { content: 'xa' }, h: { content: 'a' } });
  t.strictSame(spec.secrets, { s: { name: 'stored' } });
  t.end();
});
