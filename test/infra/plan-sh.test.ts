// plan.sh as a person runs it, with the real Terraform and the real provider of Google. No word of it reaches Google:
// credentials are made up, and what would be sent goes to a port where nobody listens.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import t from 'tap';
import { pollUntil } from '../support/poll-until.ts';
import { terraformForTests } from '../support/terraform.ts';
import { account, Desk, ended, heard, NOBODY, serviceAccountKey } from './support/desk.ts';

const { terraform, skip } = await terraformForTests('google');
const PROVIDERS = { TF_CLI_CONFIG_FILE: terraform?.configFile ?? '/dev/null' };

t.test('plan.sh: from a fleet file to a plan that Terraform applies where it lies', { skip }, async (t) => {
  // What somebody keeps in their shell for other configurations is for those.
  const others = { TF_CLI_ARGS_init: '-nonsense', TF_CLI_ARGS_plan: '-nonsense', TF_CLI_ARGS_output: '-nonsense' };
  const desk = new Desk(t, { ...PROVIDERS, ...others });
  desk.write('.plan', 'an old one');

  const planned = await desk.plan();

  t.equal(planned.exit, 0, planned.said);
  t.match(planned.said, /\d+ to add\n/);
  t.match(planned.said, /Machines per group\n {2}shop-web-europe-west4-b: 0 -> 2\n/);
  t.match(planned.said, /Plan: \d+ to add, 0 to change, 0 to replace, 0 to destroy\./);
  t.match(planned.said, /To do it:\n {2}terraform apply \.plan\n/);
  t.equal(statSync(desk.path('.plan')).mode & 0o777, 0o600, 'for nobody else to read');
  t.notOk(desk.has('shop.gcp.tfstate'), 'nothing is changed');

  await t.test('it says nothing new of an edited fleet file, and plan.sh --apply refuses it', async (t) => {
    desk.edit((text) => text.replace('count: 2', 'count: 3'));
    const refused = await desk.plan('--apply');
    t.equal(refused.exit, 2, refused.said);
    t.match(refused.said, /fleet\.yaml, a variable or a program has changed since it was made/);
    t.ok(desk.has('.plan'), 'nothing is lost');
    desk.edit((text) => text.replace('count: 3', 'count: 2'));
  });

  await t.test('terraform takes it bare, and what dies in the middle makes it stale', async (t) => {
    t.equal((await desk.terraform('show', '.plan')).exit, 0);
    const died = await desk.terraform('apply', '-no-color', '.plan');
    t.equal(died.exit, 1);
    t.match(died.said, /127\.0\.0\.1:9/, 'it got as far as asking Google');
    t.ok(desk.has('shop.gcp.tfstate'), 'what was made is known');

    const again = await desk.terraform('apply', '-no-color', '.plan');
    t.equal(again.exit, 1);
    t.match(again.said, /Saved plan is stale/);

    const through = await desk.plan('--apply');
    t.equal(through.exit, 1, through.said);
    t.match(through.said, /Run `bash plan\.sh` again/);

    const next = await desk.plan();
    t.equal(next.exit, 0, next.said);
  });

  await t.test('--output reads the state alone', async (t) => {
    const all = await desk.plan('--output');
    t.equal(all.exit, 0, all.said);
    t.match(all.said, /first_token_command = "gcloud secrets versions access latest/);
    const one = await desk.plan('--output', 'first_token_command');
    t.match(one.said, /^gcloud secrets versions access latest/);
    const none = await desk.plan('--output', 'nonsense');
    t.equal(none.exit, 1);
    const state = readFileSync(desk.path('shop.gcp.tfstate'), 'utf8');
    desk.write('shop.gcp.tfstate', withNetwork(state));
    desk.with({ TF_CLI_CONFIG_FILE: '/dev/null', HTTPS_PROXY: NOBODY });
    t.match((await desk.plan('--output', 'first_token_command')).said, /^gcloud/, 'and asks no registry');
    desk.with({ ...PROVIDERS, HTTPS_PROXY: '' });
    desk.write('shop.gcp.tfstate', state);
  });

  await t.test('another name is another state, and none is left behind without a word', async (t) => {
    desk.edit((text) => text.replace('name: shop', 'name: store'));
    const moved = await desk.plan();
    t.equal(moved.exit, 2, moved.said);
    t.match(moved.said, /its state lies somewhere else/);
    t.match(moved.said, /terraform -chdir=\S+ init -migrate-state/);
    t.notOk(desk.has('.plan'));
    desk.edit((text) => text.replace('name: store', 'name: shop'));
  });

  await t.test('--destroy is refused while the fleet is protected', async (t) => {
    const refused = await desk.plan('--destroy');
    t.equal(refused.exit, 2);
    t.match(refused.said, /Set protect: false in fleet\.yaml/);
    desk.edit((text) => `${text}protect: false\n`);
    const planned = await desk.plan('--destroy');
    t.equal(planned.exit, 0, planned.said);
    t.match(planned.said, /Nothing to do\./, 'nothing was ever applied here');
    t.ok(desk.has('.plan'));
  });
});

t.test('plan.sh: credentials are a path, and nothing of them is in plan or configuration', { skip }, async (t) => {
  const desk = new Desk(t, {
    ...PROVIDERS,
    GOOGLE_OAUTH_ACCESS_TOKEN: '',
    CREDENTIALS_PATH: 'account.json',
    PRIVATE_KEY_PATH: 'key',
    HTTPS_PROXY: NOBODY,
  });
  const secret = serviceAccountKey();
  desk.write('account.json', JSON.stringify(account(secret, 'https://oauth2.googleapis.com/token')));
  desk.write('key', `${secret.slice(0, 60)} as the private key`);

  const { exit, said } = await desk.plan();

  t.equal(exit, 0, said);
  const shown = await desk.terraform('show', '-json', '.plan');
  const configuration = readFileSync(desk.path('cdktf.out/stacks/gcp/cdk.tf.json'), 'utf8');
  const line = secret.split('\n')[1] ?? '';
  t.ok(line.length > 40);
  for (const text of [said, shown.said, configuration]) t.notOk(text.includes(line));
  t.ok(configuration.includes(desk.path('account.json')));
});

t.test('plan.sh: one that is called off leaves no plan and no Terraform', { skip }, async (t) => {
  const desk = new Desk(t, PROVIDERS);
  const child = desk.start();
  const said = heard(child);
  const exit = ended(child);
  await pollUntil(
    async () => said(),
    (text) => text.includes('... terraform plan'),
    200_000,
  );

  child.kill('SIGTERM');

  t.equal(await exit, 130, said());
  t.match(said(), /plan\.sh: stopped; nothing was changed/);
  t.notOk(desk.has('.plan'));
  t.notOk(desk.has('.terraform/longshore-plan.part'));
});

t.test('plan.sh: one that is killed leaves no plan, even when its Terraform goes on', { skip }, async (t) => {
  const desk = new Desk(t, PROVIDERS);
  desk.write('.plan', 'an old one');
  const child = desk.start();
  const said = heard(child);
  const exit = ended(child);
  await pollUntil(
    async () => said(),
    (text) => text.includes('... terraform plan'),
    200_000,
  );

  child.kill('SIGKILL');
  await exit;
  // Its Terraform has a process group of its own, and may end its plan or stumble over the pipe that nobody reads.
  await pollUntil(
    async () => programsAbout(`-out=${desk.path('.terraform')}`),
    (running) => running.length === 0,
    60_000,
  );

  t.notOk(desk.has('.plan'));
  const next = await desk.plan();
  t.equal(next.exit, 0, 'the next run goes through');
  t.notOk(desk.has('.terraform/longshore-plan.part'));
});

t.test('plan.sh: says how to build providers where the registry is not reached', { skip }, async (t) => {
  const desk = new Desk(t, { TF_CLI_CONFIG_FILE: '/dev/null', HTTPS_PROXY: NOBODY });

  const { exit, said } = await desk.plan();

  t.equal(exit, 2, said);
  t.match(said, /eval "\$\(bash scripts\/providers\.sh\)"/);
  t.notOk(desk.has('.plan'));
});

/** Command lines of running programs with this word in them. */
function programsAbout(word: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((id) => {
      try {
        return readFileSync(`/proc/${id}/cmdline`, 'utf8');
      } catch {
        // It ended meanwhile.
        return [];
      }
    })
    .filter((line) => line.includes(word));
}

/** A state with something of Google's in it, for which Terraform wants Google's provider. */
function withNetwork(state: string): string {
  const network = {
    mode: 'managed',
    type: 'google_compute_network',
    name: 'x',
    provider: 'provider["registry.terraform.io/hashicorp/google"]',
    instances: [{ schema_version: 0, attributes: { id: 'x' } }],
  };
  return JSON.stringify({ ...(JSON.parse(state) as object), resources: [network] });
}
