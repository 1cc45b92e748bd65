import { readFileSync } from 'node:fs';
import t from 'tap';
import { METADATA_VALUE_LIMIT_BYTES, renderStartupScript } from '../../../setup/render-startup-script.ts';

const roles = ['agent', 'coordinator'] as const;

t.test('renderStartupScript: depends on the role alone, and fits into a metadata value', (t) => {
  for (const role of roles) {
    const text = renderStartupScript({ role });
    t.equal(text, renderStartupScript({ role }));
    t.ok(Buffer.byteLength(text) < METADATA_VALUE_LIMIT_BYTES / 4, `${Buffer.byteLength(text)} bytes`);
  }
  t.not(renderStartupScript({ role: 'agent' }), renderStartupScript({ role: 'coordinator' }));
  t.end();
});

t.test('renderStartupScript: only writes files and enables the setup, which is tried for ever', (t) => {
  for (const role of roles) {
    const outside = withoutFiles(renderStartupScript({ role }));
    t.match(outside, /systemctl enable --quiet longshore-setup\.service longshore-setup\.timer/);
    t.notMatch(outside, /apt-get|curl|docker/);
    const text = renderStartupScript({ role });
    t.match(text, /Restart=on-failure\nRestartSec=15/);
    t.match(text, /StartLimitIntervalSec=0/);
  }
  t.end();
});

t.test('renderStartupScript: a token goes to curl over standard input only', (t) => {
  for (const role of roles) {
    const text = renderStartupScript({ role });
    t.match(text, /printf 'Authorization: Bearer %s\\n' "\$token" \| curl .*-H @-/);
    t.notMatch(text, /-H ["']?Authorization/);
  }
  t.end();
});

t.test('renderStartupScript: neither role has a version, a checksum or a secret in it', (t) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string };
  for (const role of roles) {
    const text = renderStartupScript({ role });
    t.notMatch(text, /[0-9a-f]{40}|BEGIN /);
    t.notOk(text.includes(version), 'a new version must not make a new template');
  }
  t.end();
});

/** What the script does itself: without the here-documents that it writes. */
function withoutFiles(script: string): string {
  const lines: string[] = [];
  let end: string | null = null;
  for (const line of script.split('\n')) {
    if (end === null) {
      lines.push(line);
      end = /<<'(\w+)'$/.exec(line)?.[1] ?? null;
    } else if (line === end) {
      end = null;
    }
  }
  return lines.join('\n');
}
