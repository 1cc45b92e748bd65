// `longshore-agent re-enrol`: what it leaves in a data directory, and what the next start makes of it.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { parseConfigFile } from '../../agent/config/config-file.ts';
import { settingsOfEnvironment, settingsOfFlags } from '../../agent/config/settings.ts';
import { parseAgentConfig } from '../../agent/config.ts';
import { openIdentity, rawPublicKey, saveIdentity } from '../../agent/identity/identity.ts';
import { reEnrol, reEnrolArguments, type ReEnrolContext } from '../../agent/identity/re-enrol-command.ts';
import { applyReEnrolment } from '../../agent/identity/re-enrolment.ts';
import { listenForControl } from '../../agent/power-off/control-socket.ts';
import { hostId } from '../support/app-builders.ts';

function machine(t: Test, environment: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'longshore-re-enrol-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const dataDir = path.join(folder, 'data');
  mkdirSync(path.join(dataDir, 'state'), { recursive: true });
  const configFile = path.join(folder, 'agent.yaml');
  writeFileSync(configFile, `# ours\ncoordinator: wss://old.example.com # at home\ndata_dir: ${dataDir}\nname: a\n`);
  const tokenFile = path.join(folder, 'token');
  writeFileSync(tokenFile, 'tok-new\n');
  const context: ReEnrolContext = {
    configFile,
    readConfig: async (more) =>
      parseAgentConfig({
        file: { path: configFile, parsed: await parseConfigFile(readFileSync(configFile, 'utf8')) },
        environment: settingsOfEnvironment(environment),
        flags: settingsOfFlags(more),
        hostname: 'a',
      }),
    readStdin: () => Promise.resolve('tok-piped\n'),
  };
  return { dataDir, configFile, tokenFile, context };
}

t.test('re-enrol: new keys, the host that it was, another coordinator; journals stay', async (t) => {
  const { dataDir, configFile, tokenFile, context } = machine(t);
  const before = await openIdentity(dataDir);
  const enrolled = { host: hostId(1), name: 'a', pool: null, coordinator: 'wss://old.example.com' };
  await saveIdentity(dataDir, { ...before, enrolled });
  const at = (name: string): string => path.join(dataDir, name);
  for (const name of ['state/assignment.json', 'state/db.journal', 'secrets.json']) writeFileSync(at(name), '{}');

  const flags = ['--enroll-token-file', tokenFile, '--coordinator', 'wss://new.example.com'];
  t.match(await reEnrol(reEnrolArguments(flags), context), /no agent runs here/);
  t.equal(await applyReEnrolment(dataDir), true);

  const after = await openIdentity(dataDir);
  t.match(after, { enrolled: null, former: hostId(1) });
  t.not(rawPublicKey(after.signingKey), rawPublicKey(before.signingKey));
  t.not(rawPublicKey(after.sealingKey), rawPublicKey(before.sealingKey));
  t.notOk(existsSync(at('state/assignment.json')), 'its order is of another coordinator');
  t.notOk(existsSync(at('secrets.json')), 'sealed to the key before');
  t.ok(existsSync(at('state/db.journal')));
  t.equal(readFileSync(at('re-enrol-token'), 'utf8'), 'tok-new\n');
  const text = readFileSync(configFile, 'utf8');
  t.match(text, /^# ours\ncoordinator: wss:\/\/new\.example\.com # at home\n/);
  t.equal(await applyReEnrolment(dataDir), false, 'once');
});

t.test('re-enrol: a second time before it has enrolled, it is still the host that it was', async (t) => {
  const { dataDir, context } = machine(t);
  await saveIdentity(dataDir, { ...(await openIdentity(dataDir)), former: hostId(1) });

  await reEnrol(reEnrolArguments(['--enroll-token-file', '-']), context);
  await applyReEnrolment(dataDir);
  t.equal((await openIdentity(dataDir)).former, hostId(1));
  await reEnrol(reEnrolArguments(['--enroll-token-file', '-', '--host', hostId(2)]), context);
  await applyReEnrolment(dataDir);
  t.equal((await openIdentity(dataDir)).former, hostId(2), 'another one where a person says so');
});

t.test('re-enrol: an agent that runs starts again', async (t) => {
  const { dataDir, tokenFile, context } = machine(t);
  let restarts = 0;
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (text: string) => t.fail(text),
    error: () => undefined,
  };
  const drain = () => Promise.reject(new Error('not asked for'));
  const control = await listenForControl({ dataDir, drain, restart: () => (restarts += 1), log });
  t.teardown(() => control?.close());

  t.match(await reEnrol(reEnrolArguments(['--enroll-token-file', tokenFile]), context), /starts again/);
  t.equal(restarts, 1);
});

t.test('re-enrol: nothing is written where the request cannot work', async (t) => {
  const { dataDir, configFile, tokenFile, context } = machine(t, { LONGSHORE_COORDINATOR: 'wss://env.example.com' });
  const before = readFileSync(configFile, 'utf8');
  const run = (...flags: readonly string[]) => reEnrol(reEnrolArguments(flags), context);
  const token = ['--enroll-token-file', tokenFile];

  await t.rejects(run(), { code: 'INPUT_INVALID', message: /a token is needed/ });
  await t.rejects(run('--enroll-token-file', `${tokenFile}.not`), { code: 'INPUT_INVALID' });
  await t.rejects(run(...token, '--coordinator', 'ws://new.example.com'), { code: 'CONFIG_INVALID' });
  await t.rejects(run(...token, '--coordinator', 'wss://new.example.com'), {
    code: 'CONFIG_INVALID',
    problem: { hint: /LONGSHORE_COORDINATOR/ },
  });
  t.throws(() => reEnrolArguments(['--host', 'web-1']), { code: 'INPUT_INVALID' });
  t.throws(() => reEnrolArguments(['--enroll-token', 'tok']), { code: 'INPUT_INVALID' });
  t.equal(readFileSync(configFile, 'utf8'), before);
  t.notOk(existsSync(path.join(dataDir, 're-enrol.json')));
});
