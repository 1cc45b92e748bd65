// `longshore import konlet` as a person runs it: in a folder, with files that are there already and input that is wrong.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import t from 'tap';
import type { Test } from 'tap';
import { runProgram } from '../../../cli/program.ts';
import { createTerminal } from '../../../cli/terminal.ts';
import { loadAppFile } from '../../../compose/load-app-file.ts';
import { checkFleetFile } from '../../../infra/fleet-file/read-fleet-file.ts';

const DECLARATION = `spec:
  containers:
    - name: shop
      image: europe-west4-docker.pkg.dev/acme/shop/web:3
      env: [{ name: PORT, value: '8080' }]
  restartPolicy: Always
`;
const SILENT = 'spec: { containers: [{ name: job, image: "acme/job:1" }] }\n';

interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

interface Scene {
  readonly folder: string;
  readonly run: (
    parameters: readonly string[],
    answer?: { readonly typed?: string; readonly piped?: string },
  ) => Promise<Ran>;
  readonly read: (name: string) => string;
}

/** Without a coordinator: this verb must need none. */
function scene(t: Pick<Test, 'teardown'>): Scene {
  const folder = mkdtempSync(path.join(tmpdir(), 'longshore-import-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(path.join(folder, 'vm.yaml'), DECLARATION);
  writeFileSync(path.join(folder, 'job.yaml'), SILENT);
  return {
    folder,
    read: (name) => readFileSync(path.join(folder, name), 'utf8'),
    run: async (parameters, { typed, piped } = {}) => {
      const stdin = Object.assign(new PassThrough(), typed === undefined ? {} : { isTTY: true });
      stdin.end(typed ?? piped ?? '');
      const stdout = new PassThrough();
      const stderr = new PassThrough();
      const environment = { HOME: folder };
      const [first, ...rest] = parameters;
      const all = first === '--json' ? ['--json', 'import', 'konlet', ...rest] : ['import', 'konlet', ...parameters];
      const exit = await runProgram(all, {
        terminal: createTerminal({ stdin, stdout, stderr }, environment),
        environment,
        version: '9.9.9',
        folder,
        now: () => 0,
        signal: new AbortController().signal,
      });
      return { exit, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
    },
  };
}

t.test('import konlet: writes the app file, prints the pool, and says what to look at', async (t) => {
  const { folder, run, read } = scene(t);
  const { exit, out } = await run(['vm.yaml']);

  t.equal(exit, 0);
  t.match(out, /Wrote compose\.yaml: app shop on pool shop\./);
  const loaded = loadAppFile({
    files: [path.join(folder, 'compose.yaml')],
    readFile: (file) => (existsSync(file) ? { text: readFileSync(file, 'utf8') } : null),
    environment: {},
  });
  t.ok(loaded.ok, 'plan would read it');
  const pool = /^pools:\n(?: {2,}.*\n)+/m.exec(out)?.[0] ?? '';
  const fleet = checkFleetFile({
    path: 'fleet.yaml',
    text: `name: acme\nproject: acme-project\nregion: europe-west4\n${pool}`,
  });
  t.equal(fleet.kind, 'ok', pool);
  t.match(out, /ports: .*8080 was taken from the variable PORT/);
  t.match(read('compose.yaml'), /^# Made from vm\.yaml/);
});

t.test(
  'import konlet: never overwrites without --force, and writes nothing where one file is in the way',
  async (t) => {
    const { folder, run, read } = scene(t);
    writeFileSync(path.join(folder, 'pool.yaml'), 'mine');
    const refused = await run(['vm.yaml', '--pool-file', 'pool.yaml']);

    t.equal(refused.exit, 2);
    t.match(refused.err, /pool\.yaml: it exists already[\s\S]*--force/);
    t.notOk(existsSync(path.join(folder, 'compose.yaml')));
    t.equal(read('pool.yaml'), 'mine');

    const forced = await run(['vm.yaml', '--pool-file', 'pool.yaml', '--force']);
    t.equal(forced.exit, 0, forced.err);
    t.match(read('pool.yaml'), /^pools:\n {2}shop:/);
  },
);

t.test('import konlet: asks a person at a terminal for the port, and only then', async (t) => {
  const { run, read } = scene(t);
  const asked = await run(['job.yaml', '-o', 'asked.yaml'], { typed: '9000, 5432/tcp\n' });
  const piped = await run(['job.yaml', '-o', 'piped.yaml']);
  const said = await run(['job.yaml', '-o', 'said.yaml', '--port', '7000'], { typed: '' });

  t.equal(asked.exit, 0, asked.err);
  t.match(asked.err, /Where does the program listen\?/);
  t.match(read('asked.yaml'), /ingress:\n +port: 9000/);
  t.match(read('asked.yaml'), /- "5432:5432"/);
  t.equal(piped.exit, 0);
  t.notMatch(piped.err, /Where does/);
  t.match(piped.out, /nothing is reachable now; say it with --port/);
  t.notMatch(said.err, /Where does/);
  t.match(read('said.yaml'), /port: 7000/);
});

t.test('import konlet: names, standard input, data for machines', async (t) => {
  const { folder, run, read } = scene(t);
  mkdirSync(path.join(folder, 'app'));
  const { exit, out } = await run(['-', '-o', 'app/compose.yaml', '-p', 'depot', '--pool', 'edge'], {
    piped: DECLARATION,
  });

  t.equal(exit, 0);
  t.match(out, /app depot on pool edge/);
  t.match(read('app/compose.yaml'), /name: depot[\s\S]*pools: \[edge\]/);

  const command =
    'gcloud compute instances create-with-container x --container-image=a:1 --container-env-file=app.env --zone=europe-west4-b';
  mkdirSync(path.join(folder, 'sub'));
  writeFileSync(path.join(folder, 'create.sh'), command);
  const json = await run(['--json', 'create.sh', '-o', 'sub/compose.yaml']);
  t.equal(json.exit, 0, json.err);
  const data = JSON.parse(json.out) as { readonly pool: string; readonly notes: readonly { readonly what: string }[] };
  t.equal(data.pool, 'x');
  t.ok(data.notes.some(({ what }) => what === '--container-env-file'));
  t.match(read('sub/compose.yaml'), /path: "?\.\.\/app\.env/, 'as seen from the app file');
});

t.test('import konlet: wrong input ends with 2, says where and what to do, and writes nothing', async (t) => {
  const { folder, run } = scene(t);
  writeFileSync(path.join(folder, 'bad.yaml'), 'spec:\n  containers:\n    - imgae: x\n');
  writeFileSync(path.join(folder, 'empty.yaml'), ' \n');
  writeFileSync(path.join(folder, 'image.yaml'), 'spec: { containers: [{ image: "Not An Image" }] }');
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['bad.yaml'], /bad\.yaml: spec\.containers\[0\]\.imgae \(line 3, column 7\): .*did you mean "image"/],
    [['none.yaml'], /read none\.yaml: there is no such file/],
    [['empty.yaml'], /it is empty[\s\S]*gcloud compute instances describe/],
    [['image.yaml'], /makes no app file[\s\S]*Not An Image/],
    [['vm.yaml', '--port', '99999'], /`99999`: it is not PORT/],
    [['vm.yaml', '-p', 'Not_OK!'], /is not an app name/],
    [['vm.yaml', '--pool', 'x--'], /is not the name of a pool/],
    [['vm.yaml', '-o', 'no/such/folder/compose.yaml'], /write .*no\/such\/folder/],
  ];
  for (const [parameters, message] of cases) {
    const { exit, err } = await run(parameters);
    t.equal(exit, 2, parameters.join(' '));
    t.match(err, message);
  }
  t.notOk(existsSync(path.join(folder, 'compose.yaml')));
});
