// A folder with a fleet file in it, and plan.sh over that folder, as a person who has nothing but what is given here.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash, generateKeyPairSync } from 'node:crypto';
import path from 'node:path';
import type { Test } from 'tap';

/** A proxy that nobody runs. */
export const NOBODY = 'http://127.0.0.1:9';
export const FLEET = [
  'name: shop',
  'project: my-project-1',
  'region: europe-west4',
  'pools:',
  '  web: { count: 2 }',
  '',
].join('\n');

export interface Ran {
  readonly exit: number | null;
  readonly said: string;
}

/** A folder with a fleet file, and plan.sh over it. */
export class Desk {
  readonly folder: string;
  #variables: Readonly<Record<string, string>>;

  constructor(t: Test, variables: Readonly<Record<string, string>> = {}, fleet = FLEET) {
    this.folder = t.testdir({ 'fleet.yaml': fleet, programs: builtPrograms() });
    this.#variables = variables;
  }

  get variables(): NodeJS.ProcessEnv {
    const kept = ['PATH', 'LANG', 'GOCACHE', 'XDG_CACHE_HOME'].map((name) => [name, process.env[name]] as const);
    return {
      ...Object.fromEntries(kept.filter(([, value]) => value !== undefined)),
      // A home without a login of Google's.
      HOME: this.folder,
      TF_CLI_CONFIG_FILE: '/dev/null',
      GOOGLE_OAUTH_ACCESS_TOKEN: 'made-up',
      LONGSHORE_PROGRAMS: 'programs',
      ...this.#variables,
    };
  }

  /** From now on. */
  with(variables: Readonly<Record<string, string>>): void {
    this.#variables = { ...this.#variables, ...variables };
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

export function heard(child: ChildProcess): () => string {
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  return () => said;
}

export async function ended(child: ChildProcess): Promise<number | null> {
  return await new Promise((resolve) => child.once('close', resolve));
}

export function serviceAccountKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

export function account(key: string, tokenUri: string): Readonly<Record<string, string>> {
  return {
    type: 'service_account',
    client_email: 'a@my-project-1.iam.gserviceaccount.com',
    private_key: key,
    token_uri: tokenUri,
  };
}

/** Archives of nothing: only their names and checksums get into a plan, and nothing here is built meanwhile. */
function builtPrograms(): Readonly<Record<string, string>> {
  const files = ['agent-linux-x64', 'agent-linux-arm64', 'coordinator-linux-x64'].map(
    (name) => `longshore-${name}.tar.gz`,
  );
  return {
    ...Object.fromEntries(files.map((file) => [file, file])),
    'checksums.txt': files.map((file) => `${createHash('sha256').update(file).digest('hex')}  ${file}\n`).join(''),
  };
}
