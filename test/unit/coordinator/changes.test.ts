import t from 'tap';
import { Changes } from '../../../coordinator/changes.ts';

const gone = { kind: 'host-gone', host: 'h-1' } as const;

t.test('Changes: every listener hears, until it is aborted', (t) => {
  const changes = new Changes(() => t.fail());
  const heard: string[] = [];
  const abort = new AbortController();
  changes.subscribe(() => heard.push('a'), abort.signal);
  changes.subscribe(() => heard.push('b'), new AbortController().signal);
  changes.publish(gone);
  abort.abort();
  changes.publish(gone);
  t.same(heard, ['a', 'b', 'b']);
  changes.subscribe(() => t.fail('its signal was aborted before'), AbortSignal.abort());
  changes.publish(gone);
  t.end();
});

t.test('Changes: a listener that throws hurts neither the others nor the one who publishes', (t) => {
  const faults: unknown[] = [];
  const heard: string[] = [];
  const changes = new Changes((error) => faults.push(error));
  changes.subscribe(() => {
    throw new Error('broken');
  }, new AbortController().signal);
  changes.subscribe(() => heard.push('b'), new AbortController().signal);
  changes.publish(gone);
  t.same(heard, ['b']);
  t.equal(faults.length, 1);
  t.end();
});
