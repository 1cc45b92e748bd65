// plan.sh as a person runs it, with the real Terraform and the real provider of Google. No word of it reaches Google:
// credentials are made up, and what would be sent goes to a port where nobody listens.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import t, { type Test } from 'tap';
import { pollUntil } from '../support/poll-until.ts';
import { terraformForTests } from '../support/terraform.ts';

const { terraform, skip } = terraformForTests('google');
const NOBODY = 'http://127.0.0.1:9';
const FLEET = ['name: shop', 'project: my-project-1', 'region: europe-west4', 'pools:', '  web: { count: 2 }', ''].join(
  '\n',
);

interface Ran {
  readonly exit: number | null;
  readonly said: string;
}

/** A folder with a fleet file, and plan.sh over it. */
class Desk {
  readonly folder: string;
  readonly #variables: Readonly<Record<string, string>>;

  constructor(t: Test, variables: Readonly<Record<string, string>> = {}, fleet = FLEET) {
    this.folder = t.testdir({ 'fleet.yaml': fleet });
    this.#variables = variables;
  }

  get variables(): NodeJS.ProcessEnv {
    const kept = ['PATH', 'LANG', 'GOCACHE', 'XDG_CACHE_HOME'].map((name) => [name, process.env[name]] as const);
    return {
      ...Object.fromEntries(kept.filter(([, value]) => value !== undefined)),
      // A home without a login of Google's.
      HOME: this.folder,
      TF_CLI_CONFIG_FILE: terraform?.configFile ?? '/dev/null',
      GOOGLE_OAUTH_ACCESS_TOKEN: 'made-up',
      ...this.#variables,
    };
  }

  edit(change: (text: string) => string): void {
    this.write('fleet.yaml', change(readFileSync(this.path('fleet.yaml'), 'utf8')));
  }

  write(name: string, text: string): void {
    mkdirSync(path.dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text);
  }

  path(name: string): string {
    return path.join(this.folder, name);
  }

  has(name: string): boolean {
    return existsSync(this.path(name));
  }

  start(...args: readonly string[]): ChildProcess {
    return spawn('bash', [path.resolve('plan.sh'), '--file', 'fleet.yaml', '--dir', '.', ...args], {
      cwd: this.folder,
      env: this.variables,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async plan(...args: readonly string[]): Promise<Ran> {
    const child = this.start(...args);
    const said = heard(child);
    const exit = await ended(child);
    return { exit, said: said() };
  }

  /** As it is typed beside the plan. */
  async terraform(...args: readonly string[]): Promise<Ran> {
    return await new Promise((resolve) => {
      execFile(
        'terraform',
        [...args],
        {
          cwd: this.folder,
          env: { ...this.variables, HTTPS_PROXY: NOBODY, CHECKPOINT_DISABLE: '1' },
          maxBuffer: 2 ** 26,
        },
        (error, stdout, stderr) => resolve({ exit: error === null ? 0 : Number(error.code), said: stdout + stderr }),
      );
    });
  }
}

function heard(child: ChildProcess): () => string {
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  return () => said;
}

async function ended(child: ChildProcess): Promise<number | null> {
  return await new Promise((resolve) => child.once('close', resolve));
}

t.test(
  'plan.sh: from a fleet file to a plan that Terraform applies where it lies',
  { skip, timeout: 400_000 },
  async (t) => {
    const desk = new Desk(t);
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
      t.ok(desk.has('.plan'));
    });
  },
);

t.test(
  'plan.sh: credentials are a path, and nothing of them is in plan or configuration',
  { skip, timeout: 400_000 },
  async (t) => {
    const desk = new Desk(t, {
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
  },
);

t.test('plan.sh: one that is called off leaves no plan and no Terraform', { skip, timeout: 400_000 }, async (t) => {
  const desk = new Desk(t);
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

t.test(
  'plan.sh: one that is killed leaves no plan, even when its Terraform goes on',
  { skip, timeout: 400_000 },
  async (t) => {
    const desk = new Desk(t);
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
    await pollUntil(
      async () => desk.has('.terraform/longshore-plan.part'),
      (there) => there,
      60_000,
    );

    t.notOk(desk.has('.plan'));
    const next = await desk.plan();
    t.equal(next.exit, 0, 'the next run goes through');
    t.notOk(desk.has('.terraform/longshore-plan.part'));
  },
);

t.test(
  'plan.sh: says how to build providers where the registry is not reached',
  { skip, timeout: 400_000 },
  async (t) => {
    const desk = new Desk(t, { TF_CLI_CONFIG_FILE: '/dev/null', HTTPS_PROXY: NOBODY });

    const { exit, said } = await desk.plan();

    t.equal(exit, 2, said);
    t.match(said, /eval "\$\(bash scripts\/providers\.sh\)"/);
    t.notOk(desk.has('.plan'));
  },
);

function serviceAccountKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function account(key: string, tokenUri: string): Readonly<Record<string, string>> {
  return {
    type: 'service_account',
    client_email: 'a@my-project-1.iam.gserviceaccount.com',
    private_key: key,
    token_uri: tokenUri,
  };
}
