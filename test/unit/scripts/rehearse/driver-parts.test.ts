// What the driver of a rehearsal decides: options, edits of the file, variables, and what a plan and an end must be.
import t from 'tap';
import { readFleetFile } from '../../../../infra/fleet-file/read-fleet-file.ts';
import { runsApp } from '../../../../scripts/rehearse/coordinator-client.ts';
import { withValue } from '../../../../scripts/rehearse/edit-fleet.ts';
import { plainVariables, rehearsalVariables } from '../../../../scripts/rehearse/environment.ts';
import { leftResources } from '../../../../scripts/rehearse/leftovers.ts';
import { parseRehearsalOptions } from '../../../../scripts/rehearse/options.ts';
import { lastPart, refuseWhatIsNotRehearsed, rehearsedPool } from '../../../../scripts/rehearse/plan-rehearsal.ts';
import { RehearsalFolder } from '../../../../scripts/rehearse/rehearsal-folder.ts';
import { changesOf, parseOutputs } from '../../../../scripts/rehearse/terraform-steps.ts';

const fleet = (more: string) =>
  readFleetFile({ path: 'fleet.yaml', text: `name: f\nproject: my-project\nregion: europe-west1\n${more}` });

t.test('options: what is not understood is refused', (t) => {
  t.same(parseRehearsalOptions(['--file', 'a.yaml', '--keep', '--name', 'b']), {
    after: 'keep',
    file: 'a.yaml',
    name: 'b',
  });
  for (const wrong of [['--file'], ['--keep', '--down'], ['--name', 'B'], ['--what'], ['--file', '--keep']])
    t.throws(() => parseRehearsalOptions(wrong), /--/);
  t.end();
});

t.test('edit: one value, with comments and order as they were', (t) => {
  t.equal(withValue('# mine\na:\n  b: 2 # two\nc: 1\n', ['a', 'b'], 3), '# mine\na:\n  b: 3 # two\nc: 1\n');
  t.equal(withValue('a: 1\n', ['protect'], false), 'a: 1\nprotect: false\n');
  t.end();
});

t.test('variables: nothing that leads to a real account reaches Terraform', (t) => {
  const own = {
    PATH: '/bin',
    GOOGLE_CREDENTIALS: 'real',
    GOOGLE_APPLICATION_CREDENTIALS: '/real',
    GOOGLE_OAUTH_ACCESS_TOKEN: 'real',
    CLOUDSDK_CONFIG: '/real',
    CREDENTIALS_PATH: '/real',
    TF_VAR_x: 'real',
    https_proxy: 'http://real',
    TF_CLI_CONFIG_FILE: '/rc',
    LONGSHORE_TOKEN: 'real',
  };
  const state = { proxyPort: 7490 } as Parameters<typeof rehearsalVariables>[2];
  const variables = rehearsalVariables(own, new RehearsalFolder('/r'), state);
  t.notMatch(JSON.stringify(variables), /real/);
  t.match(variables, { PATH: '/bin', TF_CLI_CONFIG_FILE: '/rc', HTTPS_PROXY: 'http://127.0.0.1:7490' });
  t.same(plainVariables(own), { PATH: '/bin', TF_CLI_CONFIG_FILE: '/rc', https_proxy: 'http://real' });
  t.end();
});

t.test('file: what the stand-in does not have is refused by name, before anything is made', (t) => {
  t.doesNotThrow(() => refuseWhatIsNotRehearsed(fleet('pools: { web: { count: 2 } }')));
  t.throws(
    () =>
      refuseWhatIsNotRehearsed(
        fleet('registry: false\nmemorystore: {}\ncoordinator: { cloud_sql: {} }\npools: { web: { count: 7 } }'),
      ),
    { code: 'INPUT_INVALID', message: /cloud_sql.*memorystore.*registry: false.*8 machines/ },
  );
  t.throws(() => rehearsedPool(fleet('pools: { one: { count: 1, kind: single } }')), { code: 'INPUT_INVALID' });
  t.equal(rehearsedPool(fleet('pools: { a: { count: 1, ingress: none }, b: { count: 1 } }')).name, 'b');
  t.end();
});

t.test('network: the last 256 addresses of a range are not the machines’', (t) => {
  t.equal(lastPart('10.77.0.0/16'), '10.77.255');
  t.equal(lastPart('10.64.16.0/20'), '10.64.31');
  t.end();
});

t.test('plan and outputs: as Terraform writes them', (t) => {
  const change = (address: string, ...actions: string[]) => ({ address, change: { actions } });
  const plan = { resource_changes: [change('a', 'no-op'), change('b', 'update'), change('c', 'read')] };
  t.same(changesOf(plan), [{ address: 'b', actions: ['update'] }]);
  t.same(changesOf({}), []);
  const outputs = parseOutputs(
    [
      'coordinator_url = "https://127.77.0.3"',
      'first_token_command = "gcloud secrets versions access latest --secret=f-admin-token --project=p"',
      'pool_addresses = {',
      '  "batch-1" = "127.77.0.4"',
      '  "web" = "127.77.0.2"',
      '}',
      'registry = "europe-west1-docker.pkg.dev/p/f"',
    ].join('\n'),
  );
  t.equal(outputs.coordinatorUrl, 'https://127.77.0.3');
  t.equal(outputs.tokenSecret, 'f-admin-token');
  t.equal(outputs.registry, 'europe-west1-docker.pkg.dev/p/f');
  t.same(
    [...outputs.addresses],
    [
      ['batch-1', '127.77.0.4'],
      ['web', '127.77.0.2'],
    ],
  );
  t.end();
});

t.test('end: enabled APIs, tokens and operations may stay; a resource or a binding may not', (t) => {
  const resources = {
    'serviceusage/enabled': {},
    'tokens/x': {},
    'compute/projects/p/global/operations/o': {},
    'policies/projects/p': { bindings: [] },
    'storage/b/mine': {},
    'storage/o/mine/state': {},
    'compute/projects/p/global/networks/n': {},
    'policies/b/f': { bindings: [{ role: 'r', members: ['m'] }] },
  };
  t.same(leftResources(resources, ['storage/b/mine', 'storage/o/mine']), [
    'compute/projects/p/global/networks/n',
    'policies/b/f',
  ]);
  t.end();
});

t.test('host: it runs the app when it talks, is where it should be, and has it for a target', (t) => {
  const host = {
    id: 'h',
    name: 'n',
    pool: null,
    connected: true,
    converged: true,
    waiting: null,
    apps: [{ app: 'a', target: 1 }],
  };
  t.ok(runsApp(host, 'a'));
  t.notOk(runsApp({ ...host, connected: false }, 'a'));
  t.notOk(runsApp({ ...host, converged: false }, 'a'));
  t.notOk(runsApp(host, 'b'));
  t.notOk(runsApp({ ...host, apps: [{ app: 'a', target: null }] }, 'a'));
  t.end();
});
