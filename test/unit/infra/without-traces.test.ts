import t from 'tap';
import { withoutTraces } from '../../../infra/without-traces.ts';

t.test('withoutTraces: notes of where a token was made stay empty, errors keep their trace', (t) => {
  const note = { stack: '' };
  const found = withoutTraces(() => {
    Error.captureStackTrace(note);
    // Read here, as cdktf does: a trace is formatted when it is first looked at.
    return { ofNote: note.stack, ofError: new Error('broken').stack ?? '' };
  });
  t.equal(found.ofNote, '');
  t.match(found.ofError, /^Error: broken\n {4}at .+without-traces\.test\.ts/);
  t.end();
});

t.test('withoutTraces: what was set before is there again, also after an error', (t) => {
  const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')?.value as unknown;
  t.equal(
    withoutTraces(() => 3),
    3,
  );
  t.throws(
    () =>
      withoutTraces(() => {
        throw new Error('broken');
      }),
    /broken/,
  );
  t.equal(Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')?.value, before);
  const note = { stack: '' };
  Error.captureStackTrace(note);
  t.not(note.stack, '');
  t.end();
});
