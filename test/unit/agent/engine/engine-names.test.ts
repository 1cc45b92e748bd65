import t from 'tap';
import {
  containerName,
  holdRepository,
  isPulledTag,
  networkName,
  parseHoldTag,
  pulledRepository,
  pulledTag,
  volumeName,
} from '../../../../agent/engine/engine-names.ts';
import type { InstanceId } from '../../../../fleet/ids.ts';
import { appName, digest, hostId } from '../../../support/app-builders.ts';

const host = hostId(1);

t.test('engine names: each holds the host, so that many agents can share an engine', (t) => {
  t.equal(containerName(host, 'i-00000000000a' as InstanceId), 'longshore-h-0000000000000001-i-00000000000a');
  t.equal(networkName(host, appName('shop')), 'longshore-h-0000000000000001-shop');
  t.equal(volumeName(host, appName('shop'), 'data'), 'longshore-h-0000000000000001-shop-data');
  t.equal(holdRepository(host, appName('shop'), 'web'), 'longshore.local/h-0000000000000001/shop/web');
  t.end();
});

t.test('hold tags: every name an app or a service may have comes back whole', (t) => {
  const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
  for (const app of ['shop', 'a__b', 'a_-b', 'ends-', 'x--1']) {
    for (const service of ['web', 'Web.Front', 'a--b', 'trailing.', 'x--77', 'A'.repeat(63)]) {
      const repository = holdRepository(host, appName(app), service);

      t.same(parseHoldTag(host, `${repository}:12`), { app, service, release: 12 });
      const parts = repository.split('/').slice(1);
      t.ok(
        parts.every((part) => component.test(part)),
        `${repository} is a name that Docker takes`,
      );
    }
  }
  t.end();
});

t.test('hold tags: those of others are not ours', (t) => {
  const own = holdRepository(host, appName('shop'), 'web');

  t.equal(parseHoldTag(hostId(2), `${own}:1`), null);
  t.equal(parseHoldTag(host, `${own}:latest`), null);
  t.equal(parseHoldTag(host, 'docker.io/library/nginx:1'), null);
  t.equal(parseHoldTag(host, `${pulledRepository(host)}:${pulledTag(digest('a'))}`), null);
  t.end();
});

t.test('pulled tags: of any host are known', (t) => {
  t.ok(isPulledTag(`${pulledRepository(hostId(9))}:${pulledTag(digest('a'))}`));
  t.notOk(isPulledTag(`${holdRepository(host, appName('shop'), 'web')}:1`));
  t.notOk(isPulledTag('<none>:<none>'));
  t.end();
});
