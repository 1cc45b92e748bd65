import t from 'tap';
import { DOUBT_MS, EventQueue, KEPT_EVENTS } from '../../../../agent/report/event-queue.ts';
import type { Link } from '../../../../agent/session/connection.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

function link(): { readonly link: Link; readonly texts: string[]; readonly end: () => void } {
  const over = new AbortController();
  const texts: string[] = [];
  return {
    texts,
    end: () => over.abort(),
    link: {
      session: 's',
      signal: over.signal,
      bufferedBytes: 0,
      send: (message) => {
        if (message.kind === 'event') texts.push(message.text);
      },
      sendData: async () => undefined,
    },
  };
}

t.test('EventQueue: sends at once while connected, and later what happened meanwhile', async (t) => {
  const queue = new EventQueue(new ManualClock());
  queue.add('prune', null, 'one');
  const first = link();
  queue.attach(first.link);
  queue.add('prune', null, 'two');

  t.same(first.texts, ['one', 'two']);
});

t.test('EventQueue: what was sent just before the connection broke is sent again, older ones are not', async (t) => {
  const clock = new ManualClock();
  const queue = new EventQueue(clock);
  const first = link();
  queue.attach(first.link);
  queue.add('e', null, 'old');
  await clock.advance(DOUBT_MS + 1);
  queue.add('e', null, 'new');
  await clock.advance(1);
  first.end();
  queue.add('e', null, 'away');
  await clock.advance(3_600_000);
  const second = link();

  queue.attach(second.link);

  t.same(second.texts, ['new', 'away']);
});

t.test('EventQueue: keeps the newest and forgets the oldest', async (t) => {
  const queue = new EventQueue(new ManualClock());
  for (let number = 0; number < KEPT_EVENTS + 5; number += 1) queue.add('e', null, String(number));
  const first = link();

  queue.attach(first.link);

  t.equal(first.texts.length, KEPT_EVENTS);
  t.equal(first.texts[0], '5');
});
