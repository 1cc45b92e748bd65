import t from 'tap';
import { platformRefusal } from '../../../../coordinator/placement/platform-conflicts.ts';
import type { HostChanges } from '../../../../coordinator/release/plan-release.ts';
import type { HostAvailability } from '../../../../fleet/host.ts';
import { anAppSpec, aService, digest, hostId } from '../../../support/app-builders.ts';

type Action = HostChanges[number]['action'];
interface Case {
  readonly host?: string;
  readonly wanted?: string | null;
  readonly action?: Action;
  readonly availability?: HostAvailability;
}

function refusalOf(platforms: readonly string[] | null, given: Case = {}) {
  const { host = 'linux/amd64', wanted = null, action = 'create', availability = 'active' } = given;
  const image = { reference: 'reg.test/web:1', digest: digest('a'), pull: 'always', platform: wanted } as const;
  const spec = anAppSpec({ services: { web: aService({ image }) } });
  const changes = new Map([[hostId(1), [{ service: 'web', replica: 1, action, because: [] }]]]);
  const hosts = [
    { id: hostId(1), name: 'quay-1', platform: host, availability },
    { id: hostId(2), name: 'quay-2', platform: 'linux/s390x', availability },
  ];
  return platformRefusal(spec, changes, hosts, { web: { platforms } });
}

t.test('platformRefusal: names the service, the image, the host and what the image has', (t) => {
  t.match(refusalOf(['linux/arm/v7', 'linux/arm64']), {
    code: 'IMAGE_PLATFORM',
    message:
      'place web: reg.test/web:1 has no image for linux/amd64, which web needs on quay-1; it has linux/arm/v7, linux/arm64',
    details: [{ path: 'services.web.image' }],
  });
  t.match(refusalOf(['linux/amd64'], { wanted: 'linux/arm64' }), {
    message: /no image for linux\/arm64/,
    details: [{ path: 'services.web.platform' }],
  });
  t.end();
});

t.test('platformRefusal: compares variants only where one is asked for', (t) => {
  const fits: readonly (readonly [offered: string, wanted: string, boolean])[] = [
    ['linux/arm64', 'linux/arm64/v8', true],
    ['linux/arm64/v8', 'linux/arm64', true],
    ['linux/arm64/v9', 'linux/arm64', true],
    ['linux/arm64/v9', 'linux/arm64/v8', false],
    ['linux/arm/v6', 'linux/arm/v7', true],
    ['linux/arm', 'linux/arm/v6', false],
    ['linux/amd64/v3', 'linux/amd64', true],
    ['linux/amd64', 'linux/amd64/v2', true],
    ['linux/mips64/odd', 'linux/mips64/other', true],
    ['windows/amd64', 'linux/amd64', false],
    ['linux/arm', 'linux/arm64', false],
    ['linux/386', 'linux/amd64', false],
  ];
  for (const [offered, wanted, isFine] of fits)
    t.equal(refusalOf([offered], { wanted }) === null, isFine, `${offered} for ${wanted}`);
  t.end();
});

t.test('platformRefusal: only what is certain and would be started', (t) => {
  const other = ['linux/arm64'];
  t.not(refusalOf(other, { action: 'replace' }), null);
  t.equal(refusalOf(null), null, 'what the image has is not known');
  t.equal(refusalOf(other, { host: 'linux/riscv64' }), null, 'a host that no agent is made for');
  t.equal(refusalOf(other, { action: 'keep' }), null, 'it runs');
  t.equal(refusalOf(other, { action: 'remove' }), null);
  t.equal(refusalOf(other, { availability: 'paused' }), null, 'a paused host gets nothing new');
  t.equal(refusalOf(['linux/amd64'], { host: 'linux/arm64', wanted: 'linux/amd64' }), null, 'the app file counts');
  t.end();
});
