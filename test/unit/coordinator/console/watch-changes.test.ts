import { getEventListeners } from 'node:events';
import t from 'tap';
import { watchChanges } from '../../../../coordinator/console/watch-changes.ts';
import { fakeCommands } from '../../../support/fake-commands.ts';
import { aHostView } from '../../../support/views.ts';

t.test('watchChanges: a reader that stays slow costs no listener for each look at it', async (t) => {
  const ending = new AbortController();
  const { signal } = ending;
  let looks = 0;
  let lookedOften: () => void = () => undefined;
  const often = new Promise<void>((resolve) => (lookedOften = resolve));
  const sent: string[] = [];
  const watching = watchChanges({
    commands: fakeCommands({
      listHosts: () => Promise.resolve({ items: [aHostView()], next: null }),
      watch: () => undefined,
    }),
    request: { kind: 'watch', id: 'w', app: null, deployment: null },
    send: (frame) => sent.push(frame.kind),
    buffered: () => {
      looks += 1;
      if (looks === 8) lookedOften();
      return Number.MAX_SAFE_INTEGER;
    },
    signal,
  });
  await often;

  t.ok(getEventListeners(signal, 'abort').length <= 2, 'its own, and that of the pause');
  ending.abort();
  await watching;
  t.same(sent, ['watching'], 'and the end comes in the middle of a pause');
  t.equal(getEventListeners(signal, 'abort').length, 0);
});
