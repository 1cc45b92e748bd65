import t from 'tap';
import type { RunEntry } from '../../../../fleet/assignment.ts';
import type { ServiceSpec } from '../../../../fleet/app-spec.ts';
import { planFiles, usedVersions } from '../../../../agent/secrets/file-plan.ts';
import { anAppSpec, appName, aService, deploymentId, specHash } from '../../../support/app-builders.ts';

const hashOf = (text: string): string => `hash-of-${text}`.padEnd(32, '0');

function entry(service: Partial<ServiceSpec>, fields: Partial<RunEntry> = {}): RunEntry {
  return {
    kind: 'run',
    app: appName('shop'),
    release: 1,
    deployment: deploymentId(1),
    attempt: 1,
    spec: anAppSpec({
      services: { web: aService(service) },
      configs: { site: { content: 'a' } },
      secrets: { db: { name: 'db' } },
    }),
    hashes: { web: specHash('a') },
    replicas: { web: 1 },
    secretVersions: { db: 3 },
    rollback: false,
    requires: [],
    ...fields,
  };
}

const asFile = { secret: 'db', as: 'file', target: '/run/secrets/db', uid: null, gid: null, mode: null } as const;

t.test('planFiles: a secret file is named by its version and readable in the container by whoever runs there', (t) => {
  t.same(planFiles(entry({ secrets: [asFile] }), hashOf).web?.files, [
    {
      kind: 'secret',
      name: 'secret-db-v3-444--',
      target: '/run/secrets/db',
      access: { mode: 0o444, uid: null, gid: null },
      secret: 'db',
      version: 3,
    },
  ]);
  t.end();
});

t.test('planFiles: another version, mode or owner is another file', (t) => {
  const nameOf = (use: Partial<ServiceSpec['secrets'][number]>, version = 3): string | undefined =>
    planFiles(entry({ secrets: [{ ...asFile, ...use }] }, { secretVersions: { db: version } }), hashOf).web?.files[0]
      ?.name;

  const names = [nameOf({}), nameOf({}, 4), nameOf({ mode: 0o400 }), nameOf({ uid: 7 }), nameOf({ gid: 7 })];
  t.equal(new Set(names).size, names.length, names.join(' '));
  t.end();
});

t.test('planFiles: a config is named by a hash of its content', (t) => {
  const configs = [{ config: 'site', target: '/etc/site', uid: 1, gid: 2, mode: 0o440 }];

  t.match(planFiles(entry({ configs }), hashOf).web?.files, [
    {
      kind: 'config',
      name: 'config-site-hash-of-a00000000000000000000000-440-1-2',
      content: 'a',
      access: { mode: 0o440, uid: 1, gid: 2 },
    },
  ]);
  t.end();
});

t.test('planFiles: a secret as a variable is no file', (t) => {
  const planned = planFiles(entry({ secrets: [{ ...asFile, as: 'environment', target: 'DB' }] }), hashOf);

  t.same(planned.web, { files: [], variables: [{ variable: 'DB', secret: 'db', version: 3 }] });
  t.end();
});

t.test('planFiles: nothing for services that this host does not run', (t) => {
  t.same(planFiles(entry({ secrets: [asFile] }, { replicas: {} }), hashOf), {});
  t.end();
});

t.test('planFiles: no name of the app file leaves its folder', (t) => {
  const secret = '../../etc/passwd';
  const planned = planFiles(entry({ secrets: [{ ...asFile, secret }] }, { secretVersions: { [secret]: 1 } }), hashOf);

  t.notMatch(planned.web?.files[0]?.name, '/');
  t.end();
});

t.test('usedVersions: what all of the entries pin', (t) => {
  t.same(usedVersions([entry({}), entry({}, { secretVersions: { db: 2, key: 1 } })]), { db: [3, 2], key: [1] });
  t.end();
});
