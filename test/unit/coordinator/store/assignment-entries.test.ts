import t from 'tap';
import { toEntry } from '../../../../coordinator/store/assignment-entries.ts';
import { instanceText } from '../../../../fleet/instance-content.ts';
import { anAppSpec, aRelease, aService, digest, hostId } from '../../../support/app-builders.ts';
import { aTarget } from '../../../support/store-scenes.ts';

t.test('toEntry: what an older agent does not know stands beside the spec, and names what is required', (t) => {
  const spec = anAppSpec({ services: { migrate: aService({ run: 'always', once: 'deployment' }), web: aService() } });
  const entry = toEntry(aTarget(hostId(1), 1), aRelease({ spec }));
  t.match(entry, { always: ['migrate'], once: ['migrate'], requires: ['swap', 'one-shots'] });
  t.notMatch(JSON.stringify(entry), /"run":"always"|"once":"deployment"/);
  t.notOk('onlyOnce' in entry);
  const step = toEntry({ ...aTarget(hostId(1), 1), onlyOnce: true }, aRelease({ spec }));
  t.match(step, { onlyOnce: true });
  const plain = toEntry(aTarget(hostId(1), 1), aRelease());
  t.notOk('always' in plain || 'once' in plain || 'onlyOnce' in plain);
  t.match(plain, { requires: ['swap'] });
  t.notOk('replace' in plain);
  t.match(toEntry({ ...aTarget(hostId(1), 1), replace: ['web'] }, aRelease()), {
    replace: ['web'],
    requires: ['swap'],
  });
  t.end();
});

const image = { reference: 'reg.test/web:1', digest: digest('a'), pull: 'always', platform: null } as const;
const stated = aService({ image, order: 'start-first', orderStated: true });

t.test('toEntry: an order that the file states stands beside the spec as well', (t) => {
  const entry = toEntry(
    aTarget(hostId(1), 1),
    aRelease({ spec: anAppSpec({ services: { web: stated, db: aService() } }) }),
  );
  t.match(entry, { startFirst: ['web'] });
  t.notMatch(JSON.stringify(entry), /orderStated/);
  t.notOk('startFirst' in toEntry(aTarget(hostId(1), 1), aRelease()));
  t.end();
});

t.test('toEntry: whether a route is shared is not sent, older agents would refuse the assignment', (t) => {
  const route = { host: 'shop.test', path: '/', port: 80, tls: 'off', weight: 1, stripPrefix: false } as const;
  const spec = anAppSpec({ services: { web: aService({ ingress: [{ ...route, shared: true }] }) } });
  const entry = toEntry(aTarget(hostId(1), 1), aRelease({ spec }));
  t.same(entry.kind === 'run' && entry.spec.services.web?.ingress, [route]);
  t.end();
});

t.test('instanceText: a stated order makes no other instance', (t) => {
  const spec = anAppSpec({ services: { web: stated } });
  const { orderStated: _stated, ...plain } = stated;
  t.equal(instanceText(spec, 'web', stated, {}), instanceText(spec, 'web', plain, {}));
  t.end();
});

t.test('toEntry: the permission to make volumes anew goes with the release, not with going back to it', (t) => {
  const release = aRelease({ spec: { ...anAppSpec({ services: { web: stated } }), recreateVolumes: ['data'] } });
  const entry = toEntry(aTarget(hostId(1), 1), release);
  t.match(entry, { recreateVolumes: ['data'] });
  t.notOk(entry.kind === 'run' && Object.hasOwn(entry.spec, 'recreateVolumes'));
  t.notOk('recreateVolumes' in toEntry({ ...aTarget(hostId(1), 1), rollback: true }, release));
  t.end();
});

t.test('toEntry: agents, whose older ones refuse keys they do not know, do not get what only followers need', (t) => {
  const entry = toEntry(aTarget(hostId(1), 1), aRelease({ spec: { ...anAppSpec(), require: 'all' } }));
  t.notOk(entry.kind === 'run' && Object.hasOwn(entry.spec, 'require'));
  t.end();
});
