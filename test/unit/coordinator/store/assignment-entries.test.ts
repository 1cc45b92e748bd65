import t from 'tap';
import { toEntry } from '../../../../coordinator/store/assignment-entries.ts';
import { anAppSpec, aRelease, aService, hostId } from '../../../support/app-builders.ts';
import { aTarget } from '../../../support/store-scenes.ts';

t.test('toEntry: what an older agent does not know stands beside the spec, and names what is required', (t) => {
  const spec = anAppSpec({ services: { migrate: aService({ run: 'always' }), web: aService() } });
  const entry = toEntry(aTarget(hostId(1), 1), aRelease({ spec }));
  t.match(entry, { always: ['migrate'], requires: ['swap', 'one-shots'] });
  t.notMatch(JSON.stringify(entry), /"run":"always"/);
  const plain = toEntry(aTarget(hostId(1), 1), aRelease());
  t.notOk('always' in plain);
  t.match(plain, { requires: ['swap'] });
  t.end();
});
