import t from 'tap';
import { EVENTS_AT_ONCE } from '../../../../coordinator/hub/event-budget.ts';
import { HubEvents } from '../../../../coordinator/hub/hub-events.ts';
import type { NewEvent } from '../../../../coordinator/store/records.ts';
import { hostId } from '../../../support/app-builders.ts';

t.test('hub events: a host that floods the log is counted, and others are written', (t) => {
  const written: NewEvent[] = [];
  let [now, dropped] = [1_000, 0];
  const events = new HubEvents(
    {
      log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
      metrics: { frame: () => undefined, refused: () => undefined, eventDropped: () => void (dropped += 1) },
      now: () => now,
    },
    (event) => written.push(event),
    (host) => (host === hostId(1) ? 'noisy' : 'quiet'),
  );
  const says = (number: number, text: string): void =>
    events.told(hostId(number), { kind: 'event', at: now, event: 'prune', app: null, text });
  for (let index = 0; index < EVENTS_AT_ONCE + 500; index += 1) says(1, `event ${index}`);
  // What the agent words itself is bounded the same.
  events.addOnce(hostId(1), 'host.assignment-refused', 'for a reason');
  says(2, 'an image was pruned');
  t.equal(written.length, EVENTS_AT_ONCE + 1);
  t.equal(dropped, 501);
  t.match(written.at(-1), { host: hostId(2), text: 'an image was pruned' });

  events.tick(now, []);
  now += 60_000;
  events.tick(now, [{ host: hostId(1), name: 'noisy' }]);
  events.tick(now + 1_000, []);
  t.match(written.slice(EVENTS_AT_ONCE + 1), [
    { kind: 'host.disconnected', host: hostId(1) },
    {
      kind: 'host.events-dropped',
      host: hostId(1),
      text: '501 events of noisy were dropped since 1970-01-01T00:00:01Z: it sends more than 6 a minute',
    },
  ]);

  for (let index = 0; index < 7; index += 1) says(1, `more ${index}`);
  const before = written.length;
  events.stop();
  events.stop();
  t.match(written.slice(before), [{ text: /^1 event of noisy was dropped/ }]);
  events.forget(hostId(1));
  t.end();
});
