import t from 'tap';
import { AdoptionRequests } from '../../../../coordinator/identity/adoption-requests.ts';
import type { AdoptionRequest } from '../../../../coordinator/identity/adoption-requests.ts';
import type { HostId } from '../../../../fleet/ids.ts';
import { hostId } from '../../../support/app-builders.ts';

const request = (host: HostId, fingerprint: string): AdoptionRequest => ({
  host,
  fingerprint,
  machine: { id: host, name: 'a', publicKey: 'k', sealingKey: 's', labels: {}, platform: 'linux/amd64' },
  enrolling: { kind: 'token', tokenHash: 't' },
  claim: null,
});
const KEYS = Array.from({ length: 300 }, (_, index) => `key-${index}`);

t.test('requests: of one host 20 wait, and who has waited longer keeps waiting', (t) => {
  const requests = new AdoptionRequests(() => 0);
  requests.note(request(hostId(2), 'other'));
  for (const key of KEYS) requests.note(request(hostId(1), key));

  t.same(
    requests.of(hostId(1)).map(({ fingerprint }) => fingerprint),
    [...KEYS.slice(0, 19), 'key-299'],
  );
  t.equal(requests.note(request(hostId(1), 'key-0')), false, 'one that asks again is there already');
  t.equal(requests.of(hostId(1)).at(0)?.fingerprint, 'key-0', 'and is not a newer one for it');
  t.equal(requests.of(hostId(2)).length, 1);
  t.end();
});

t.test('requests: 200 wait in all, and the host with the most gives way', (t) => {
  const requests = new AdoptionRequests(() => 0);
  requests.note(request(hostId(1), 'first'));
  for (const key of KEYS.slice(0, 20)) requests.note(request(hostId(2), key));
  for (let number = 3; number < 400; number++) requests.note(request(hostId(number), 'one'));

  t.equal(requests.all().length, 200);
  t.match(requests.of(hostId(1)), [{ fingerprint: 'first' }]);
  t.equal(requests.of(hostId(399)).length, 1);
  requests.note(request(hostId(399), 'two'));
  t.match(requests.of(hostId(399)), [{ fingerprint: 'two' }], 'its own newest goes before one of another host');
  t.equal(requests.all().length, 200);
  t.end();
});

t.test('requests: one event of a host in ten minutes, and few about hosts that are not known', (t) => {
  let now = 0;
  const requests = new AdoptionRequests(() => now);
  const known = { isKnown: true };
  t.equal(requests.takeEvent(hostId(1), known), true);
  now = 599_999;
  t.equal(requests.takeEvent(hostId(1), known), false);
  t.equal(requests.takeEvent(hostId(2), known), true, 'another host has its own');
  now = 600_000;
  t.equal(requests.takeEvent(hostId(1), known), true);

  const madeUp = Array.from({ length: 50 }, (_, index) => requests.takeEvent(hostId(100 + index), { isKnown: false }));
  t.equal(madeUp.filter(Boolean).length, 20);
  t.equal(requests.takeEvent(hostId(3), known), true, 'they leave room for a host that is known');
  t.end();
});
