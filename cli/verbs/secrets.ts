/** `secrets`, `tokens`, `enroll-token`: what is secret. Values come from standard input, a prompt or a file, never from argv. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { ROLES } from '../../protocol/http-api/words.ts';
import { SECRET_NAME } from '../../protocol/http-api/path-parameters.ts';
import type { Role } from '../../protocol/http-api/words.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import { renderInstall } from '../../protocol/text/install.ts';
import { renderEnrollTokens, renderRegistries, renderSecrets, renderTokens } from '../../protocol/text/apps.ts';
import { print } from '../context.ts';
import type { Context } from '../context.ts';
import { parseDurationOption } from '../duration-option.ts';
import { readHidden, requireText } from '../read-input.ts';
import type { RunVerb } from '../verb.ts';
import { appArgument } from '../app-argument.ts';

export function registerSecrets(program: Command, run: RunVerb): void {
  const secrets = program
    .command('secrets')
    .description('Secrets of apps and registry credentials; values are never shown again');
  secrets
    .command('list')
    .argument('<app>')
    .description('Names and versions')
    .action(
      run(async (context: Context, app: string) => {
        const api = await context.api();
        const parameters = { app: appArgument(app) };
        const items = await api.all((query) => api.call('listSecrets', { parameters, query }));
        print(context, items, () => renderSecrets(items, context.now()));
        return 0;
      }),
    );
  secrets
    .command('set')
    .argument('<app>')
    .argument('<secret>')
    .option('--file <path>', 'read the value from a file instead of standard input')
    .option('--allow-empty', 'store an empty value too')
    .description('Set a new version; the next release uses it')
    .action(
      run(async (context: Context, app: string, secret: string, options: { file?: string; allowEmpty?: boolean }) => {
        requireSecretName(secret);
        const allowEmpty = options.allowEmpty === true;
        const what = `value of secret ${secret}`;
        const value = await readHidden(context, what, options.file);
        if (!allowEmpty) requireText(value, what, 'Check what is piped in; --allow-empty stores an empty value.');
        const view = await (
          await context.api()
        ).call('setSecret', {
          parameters: { app: appArgument(app), secret },
          body: { value, ...(allowEmpty ? { allowEmpty } : {}) },
        });
        print(context, view, () => `${view.name} is version ${view.version}. \`longshore deploy\` ships it.`);
        return 0;
      }),
    );
  secrets
    .command('remove')
    .argument('<app>')
    .argument('<secret>')
    .description('Forget a secret')
    .action(
      run(async (context: Context, app: string, secret: string) => {
        await (await context.api()).call('removeSecret', { parameters: { app: appArgument(app), secret } });
        print(context, { removed: secret }, () => `Forgot ${secret}.`);
        return 0;
      }),
    );
  secrets
    .command('registries')
    .description('Stored registry credentials')
    .action(
      run(async (context: Context) => {
        const api = await context.api();
        const items = await api.all((query) => api.call('listRegistries', { query }));
        print(context, items, () => renderRegistries(items, context.now()));
        return 0;
      }),
    );
  secrets
    .command('registry')
    .argument('<registry>', 'host name and port, as in image references')
    .requiredOption('-u, --username <name>')
    .option('--file <path>', 'read the password from a file instead of standard input')
    .description('Store a credential for a private registry')
    .action(
      run(async (context: Context, registry: string, options: { username: string; file?: string }) => {
        const what = `password of ${options.username} at ${registry}`;
        const password = await readHidden(context, what, options.file);
        requireText(password, what, 'Check what is piped in.');
        const view = await (
          await context.api()
        ).call('setRegistry', { parameters: { registry }, body: { username: options.username, password } });
        print(context, view, () => `Stored the credential for ${view.registry}.`);
        return 0;
      }),
    );
  secrets
    .command('registry-remove')
    .argument('<registry>')
    .description('Forget a credential')
    .action(
      run(async (context: Context, registry: string) => {
        await (await context.api()).call('removeRegistry', { parameters: { registry } });
        print(context, { removed: registry }, () => `Forgot the credential for ${registry}.`);
        return 0;
      }),
    );
}

/** Before a value is asked for, and without the text: after `=` it may be the value itself. @throws INPUT_INVALID */
function requireSecretName(name: string): void {
  if (SECRET_NAME.test(name)) return;
  throw new LongshoreError(
    'INPUT_INVALID',
    'set a secret: its name takes letters, digits, `.`, `_` and `-`, at most 128',
    {
      hint: name.includes('=')
        ? 'Leave out = and the value: it is read from standard input, a prompt or --file, as arguments are seen by every user.'
        : 'Correct the name.',
    },
  );
}

export function registerTokens(program: Command, run: RunVerb): void {
  const tokens = program.command('tokens').description('API tokens for people and pipelines').action(run(listTokens));
  tokens.command('list').description('Tokens, without their text').action(run(listTokens));
  tokens
    .command('make')
    .argument('<name>')
    .addOption(new Option('--role <role>').choices([...ROLES]).default('viewer'))
    .option('--ttl <duration>', 'valid for so long (default: until revoked)', parseDurationOption)
    .description('Make a token; its text is shown once')
    .action(
      run(async (context: Context, name: string, options: { role: Role; ttl?: number }) => {
        const made = await (
          await context.api()
        ).call('makeToken', { body: { name, role: options.role, ttlMs: options.ttl ?? null } });
        print(context, made, () => made.token);
        if (!context.json) context.terminal.err(`Token ${made.view.id} (${made.view.role}). It is not shown again.`);
        return 0;
      }),
    );
  tokens
    .command('revoke')
    .argument('<id>')
    .description('Revoke a token')
    .action(
      run(async (context: Context, token: string) => {
        await (await context.api()).call('revokeToken', { parameters: { token } });
        print(context, { revoked: token }, () => `Revoked ${token}.`);
        return 0;
      }),
    );
}

async function listTokens(context: Context): Promise<number> {
  const api = await context.api();
  const items = await api.all((query) => api.call('listTokens', { query }));
  print(context, items, () => renderTokens(items, context.now()));
  return 0;
}

interface EnrollTokenOptions {
  readonly pool?: string;
  readonly ttl?: number;
  readonly many?: boolean;
  readonly list?: boolean;
  readonly revoke?: string;
}

export function registerEnrollToken(program: Command, run: RunVerb): void {
  program
    .command('enroll-token')
    .description('Make a token with which a machine becomes a host (once, one hour, by default)')
    .option('--pool <pool>', 'the host belongs to this pool')
    .option('--many', 'may be used by many hosts (a pool token)')
    .option('--ttl <duration>', 'valid for so long', parseDurationOption)
    .option('--list', 'list them instead')
    .option('--revoke <id>', 'revoke one instead')
    .action(run(enrollToken));
}

async function enrollToken(context: Context, options: EnrollTokenOptions): Promise<number> {
  const api = await context.api();
  if (options.revoke !== undefined) {
    await api.call('revokeEnrollToken', { parameters: { token: options.revoke } });
    print(context, { revoked: options.revoke }, () => `Revoked ${options.revoke ?? ''}.`);
    return 0;
  }
  if (options.list === true) {
    const items = await api.all((query) => api.call('listEnrollTokens', { query }));
    print(context, items, () => renderEnrollTokens(items, context.now()));
    return 0;
  }
  const made = await api.call('makeEnrollToken', {
    body: {
      kind: options.many === true ? 'pool' : 'once',
      pool: options.pool ?? null,
      ...(options.ttl === undefined ? {} : { ttlMs: options.ttl }),
    },
  });
  print(context, made, () => made.token);
  if (!context.json)
    context.terminal.err(
      `${await installText(context, api)}Revoke it with \`longshore enroll-token --revoke ${made.view.id}\`.`,
    );
  return 0;
}

/** The token is good even where the coordinator cannot offer install.sh, so that is no failure of the command. */
async function installText(context: Context, api: Awaited<ReturnType<Context['api']>>): Promise<string> {
  try {
    return `${renderInstall(await api.call('install', { query: { url: api.url } }))}\n`;
  } catch (error) {
    if (!(error instanceof LongshoreError)) throw error;
    const { message, hint } = error.problem;
    return [
      `The token is valid, but install.sh is not available: ${message}`,
      `  hint: ${hint}`,
      'Without it: put the token into a file on the machine and start the agent with --enroll-token-file FILE.',
      '',
    ].join('\n');
  }
}
