import t from 'tap';
import { toEntry } from '../../../../coordinator/store/assignment-entries.ts';
import { anAppSpec, aRelease, aService, hostId } from '../../../support/app-builders.ts';
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
  t.end();
});
