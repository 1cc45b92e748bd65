import t from 'tap';
import { requirePlanRole } from '../../../../coordinator/http/plan-access.ts';
import { aService, anAppSpec, digest } from '../../../support/app-builders.ts';
import { ACTORS } from '../../../support/fake-commands.ts';

const image = (reference: string) => ({ reference, digest: null, pull: 'if-missing' as const, platform: null });
const spec = anAppSpec({
  services: {
    web: aService({ image: image('10.0.0.7:22/x') }),
    db: aService({ image: { ...image(`r.test/db@${digest('a')}`), digest: digest('a') } }),
  },
});

t.test('plan access: a viewer cannot make the coordinator call an address', (t) => {
  t.throws(() => requirePlanRole(ACTORS.viewer, { spec, images: {} }), {
    code: 'FORBIDDEN',
    message: /token vera has the role viewer, and asking a registry for the digest of web needs operator/,
    problem: { hint: /sha256/ },
  });
  t.doesNotThrow(() => requirePlanRole(ACTORS.viewer, { spec, images: { web: digest('b') } }), 'nothing is asked');
  t.doesNotThrow(() => requirePlanRole(ACTORS.operator, { spec, images: {} }));
  t.end();
});
