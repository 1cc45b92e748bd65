import t from 'tap';
import { onceRefusal } from '../../../../coordinator/placement/placement-rules.ts';
import { appName, hostId } from '../../../support/app-builders.ts';

const shop = appName('shop');
const apart = { [hostId(1)]: { migrate: 1 }, [hostId(2)]: { seed: 1 } };

t.test('onceRefusal: services of the step before the first wave have no host in common', (t) => {
  t.match(onceRefusal(shop, ['migrate', 'seed'], apart), {
    code: 'UNPLACEABLE',
    message: /^place shop: no host runs all of migrate and seed/,
    details: [{ path: 'services.migrate.x-longshore.once' }, { path: 'services.seed.x-longshore.once' }],
  });
  t.end();
});

t.test('onceRefusal: one host that runs all of them is enough, and so is one service', (t) => {
  t.equal(onceRefusal(shop, ['migrate', 'seed'], { ...apart, [hostId(3)]: { migrate: 1, seed: 1 } }), null);
  t.equal(onceRefusal(shop, ['migrate'], apart), null);
  t.equal(onceRefusal(shop, [], {}), null);
  t.end();
});
