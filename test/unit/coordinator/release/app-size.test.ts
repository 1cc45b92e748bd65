import t from 'tap';
import { APP_LIMIT_BYTES, refuseTooLarge } from '../../../../coordinator/release/app-size.ts';
import { anAppSpec } from '../../../support/app-builders.ts';
import { refusal } from '../../../support/refusal.ts';

t.test('refuseTooLarge: an app of the usual size may be planned', (t) => {
  refuseTooLarge(anAppSpec({ configs: { nginx: { content: 'x'.repeat(APP_LIMIT_BYTES / 2) } } }), null);
  t.end();
});

t.test('refuseTooLarge: names the largest configs with their sizes, and the limit', (t) => {
  const configs = { small: { content: 'x' }, geo: { content: 'x'.repeat(APP_LIMIT_BYTES) } };

  t.throws(() => refuseTooLarge(anAppSpec({ configs }), null), {
    ...refusal('TOO_LARGE', /is 30\d\d KiB, and 3072 KiB is the limit/),
    problem: { details: [{ path: 'configs.geo', message: 'is 3073 KiB' }, { path: 'configs.small' }] },
  });
  t.end();
});

t.test('refuseTooLarge: an app that is larger already may stay as large, and not grow', (t) => {
  const ofSize = (bytes: number) => anAppSpec({ configs: { geo: { content: 'x'.repeat(bytes) } } });
  const base = ofSize(APP_LIMIT_BYTES + 100);
  t.doesNotThrow(() => refuseTooLarge(ofSize(APP_LIMIT_BYTES + 100), base));
  t.doesNotThrow(() => refuseTooLarge(ofSize(APP_LIMIT_BYTES + 50), base));
  t.throws(() => refuseTooLarge(ofSize(APP_LIMIT_BYTES + 101), base), refusal('TOO_LARGE'));
  t.end();
});
