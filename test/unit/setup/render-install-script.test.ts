import { execFileSync } from 'node:child_process';
import t from 'tap';
import { renderInstallScript } from '../../../setup/render-install-script.ts';

const agents = [{ platform: 'x64', sha256: 'a'.repeat(64), file: 'longshore-agent-linux-x64.tar.gz' }] as const;
const root = '-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----';

t.test('renderInstallScript: carries the root and the checksums, so that its own vouches for them', (t) => {
  const text = renderInstallScript({ coordinator: 'https://10.0.0.2', root, agents });
  t.ok(text.includes(`x64 ${'a'.repeat(64)} longshore-agent-linux-x64.tar.gz`));
  t.ok(text.includes(root));
  t.match(text, /CA_FILE=\/etc\/longshore\/coordinator-ca\.pem/);
  t.not(text, renderInstallScript({ coordinator: 'https://10.0.0.3', root, agents }));
  t.end();
});

t.test('renderInstallScript: with a certificate that everybody trusts no root is written', (t) => {
  const text = renderInstallScript({ coordinator: 'https://ship.example.com', root: null, agents });
  t.match(text, /CA_FILE=''/);
  t.notMatch(text, /BEGIN CERTIFICATE/);
  t.end();
});

t.test('renderInstallScript: the token is no parameter', (t) => {
  const text = renderInstallScript({ coordinator: 'https://10.0.0.2', root, agents });
  t.match(text, /--token-file/);
  t.notMatch(text, /--token\)/);
  t.end();
});

t.test('renderInstallScript: an address of which a shell would make something else stays one word', (t) => {
  // All of these are host names to a URL parser.
  for (const coordinator of ["https://a;id;'b", 'https://a$(id)b', 'https://a`id`b&c']) {
    const text = renderInstallScript({ coordinator, root, agents });
    const line = text.split('\n').find((each) => each.startsWith('COORDINATOR=')) ?? '';
    const said = execFileSync('bash', ['-euc', `${line}; printf %s "$COORDINATOR"`], { encoding: 'utf8' });
    t.equal(said, coordinator);
  }
  t.end();
});
