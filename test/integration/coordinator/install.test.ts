/** install.sh over HTTP: for the address that was asked, with the checksums of what is in the folder now. */
import { createHash } from 'node:crypto';
import { symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import t from 'tap';
import { AgentArchives } from '../../../coordinator/install/agent-archives.ts';
import { Installer } from '../../../coordinator/install/installer.ts';
import { renderInstall } from '../../../protocol/text/install.ts';
import { openApiStage } from '../../support/api-stage.ts';
import { fakeCommands } from '../../support/fake-commands.ts';

const root = '-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n';
const file = 'longshore-agent-linux-x64.tar.gz';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

t.test(
  'install: the script is for the address that was dialled, and its checksum is the one that is told',
  async (t) => {
    const folder = t.testdir({ [file]: 'an agent' });
    const installer = new Installer({
      audiences: ['wss://10.0.0.2', 'wss://ship.example.com'],
      root,
      archives: new AgentArchives(folder),
    });
    const { url } = await openApiStage(t, { commands: fakeCommands({}), installer });

    const inside = await get(`${url}/install.sh`, '10.0.0.2');
    t.equal(inside.status, 200);
    t.match(inside.text, /^COORDINATOR=https:\/\/10\.0\.0\.2$/m);
    t.ok(inside.text.includes(`x64 ${sha256('an agent')} ${file}`));
    t.ok(inside.text.includes(root));
    t.same(await installer.view('https://10.0.0.2'), {
      url: 'https://10.0.0.2/install.sh',
      sha256: sha256(inside.text),
      trusted: false,
    });
    const foreign = await get(`${url}/install.sh`, 'evil.example.com');
    t.match(foreign.text, /^COORDINATOR=https:\/\/ship\.example\.com$/m, 'a foreign Host header stands nowhere in it');

    writeFileSync(path.join(folder, file), 'a newer agent');
    t.ok((await get(`${url}/install.sh`, '10.0.0.2')).text.includes(sha256('a newer agent')));
    t.equal((await get(`${url}/install/${file}`, '10.0.0.2')).text, 'a newer agent');
  },
);

t.test('install: nothing but the agents is served, and none is an answer', async (t) => {
  const folder = t.testdir({ secret: 'x', agents: {} });
  const archives = new AgentArchives(path.join(folder, 'agents'));
  const installer = new Installer({ audiences: ['wss://10.0.0.2'], root: null, archives });
  const { url } = await openApiStage(t, { commands: fakeCommands({}), installer });
  for (const name of ['..%2fsecret', 'secret', '%2e%2e%2fsecret', file])
    t.equal((await get(`${url}/install/${name}`, '10.0.0.2')).status, 404, name);
  const none = await get(`${url}/install.sh`, '10.0.0.2');
  t.equal(none.status, 404);
  t.match(none.text, /no agents to install/);
  await t.rejects(installer.view(null), { code: 'NOT_FOUND' });
});

t.test('install: an archive that cannot be read is named, with what to do', async (t) => {
  const folder = t.testdir();
  symlinkSync(file, path.join(folder, file));
  const archives = new AgentArchives(folder);
  const installer = new Installer({ audiences: ['wss://10.0.0.2'], root: null, archives });
  const { url } = await openApiStage(t, { commands: fakeCommands({}), installer });
  const refused = { code: 'CONFIG_INVALID', message: new RegExp(file), problem: { hint: /chmod a\+rX/ } };
  await t.rejects(installer.view(null), refused);
  for (const route of ['install.sh', `install/${file}`])
    t.match((await get(`${url}/${route}`, '10.0.0.2')).text, /CONFIG_INVALID/, route);
});

t.test('renderInstall: the checksum stands in the command, and -k only where the root is unknown', (t) => {
  const view = { url: 'https://ship.example.com/install.sh', sha256: 'a'.repeat(64), trusted: true };
  t.match(renderInstall(view), /curl -fsSL https:/);
  t.match(renderInstall(view), new RegExp(`echo '${view.sha256}  longshore-install\\.sh' \\| sha256sum --check &&`));
  t.match(renderInstall({ ...view, trusted: false }), /curl -fsSLk https:/);
  t.end();
});

function get(url: string, host: string): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { headers: { host }, agent: false }, (reply) => {
      let text = '';
      reply.setEncoding('utf8');
      reply.on('data', (chunk: string) => (text += chunk));
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, text }));
    });
    request.on('error', reject);
  });
}
