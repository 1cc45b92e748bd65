import t from 'tap';
import { isInsecureRegistry } from '../../../../agent/engine/insecure-registry.ts';

t.test('isInsecureRegistry: this machine, and what the engine is told', (t) => {
  const config = {
    InsecureRegistryCIDRs: ['127.0.0.0/8', '10.0.0.0/16'],
    IndexConfigs: { 'plain.test:5000': { Secure: false }, 'docker.io': { Secure: true } },
  };

  for (const registry of ['127.0.0.1:5000', 'localhost', '10.0.7.7:5000', 'plain.test:5000']) {
    t.ok(isInsecureRegistry(registry, config), registry);
  }
  for (const registry of ['docker.io', '10.1.0.1:5000', 'plain.test', 'registry.test']) {
    t.notOk(isInsecureRegistry(registry, config), registry);
  }
  t.notOk(isInsecureRegistry('registry.test', null));
  t.end();
});
