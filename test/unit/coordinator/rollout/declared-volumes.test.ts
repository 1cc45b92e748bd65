import t from 'tap';
import { declaresVolumes } from '../../../../coordinator/rollout/declared-volumes.ts';
import { aRelease, aService, anAppSpec } from '../../../support/app-builders.ts';

const mount = { kind: 'volume' as const, volume: 'data', target: '/data', readOnly: false };
const release = (fields: Parameters<typeof aService>[0]) =>
  aRelease({ spec: anAppSpec({ services: { db: aService(fields) } }) });

t.test(
  'declaresVolumes: a volume of the image counts unless the file mounts it, and so does what is not known',
  async (t) => {
    t.equal(await declaresVolumes(release({}), () => Promise.resolve([])), false);
    t.equal(await declaresVolumes(release({}), () => Promise.resolve(['/data'])), true);
    t.equal(await declaresVolumes(release({ mounts: [mount] }), () => Promise.resolve(['/data/'])), false);
    t.equal(await declaresVolumes(release({}), () => Promise.resolve(null)), true);
  },
);
