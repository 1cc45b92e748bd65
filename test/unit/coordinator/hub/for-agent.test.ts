import t from 'tap';
import type { Assignment, RunEntry } from '../../../../fleet/assignment.ts';
import { forAgent } from '../../../../coordinator/hub/for-agent.ts';
import { CAPABILITIES } from '../../../../protocol/version.ts';
import { aRunEntry, EXEC_PROBE, IMAGE_PROBE } from '../../../support/agent-entries.ts';
import { appName, hostId } from '../../../support/app-builders.ts';

const entryWith = (probe: RunEntry['spec']['services'][string]['probe']): RunEntry =>
  aRunEntry({ services: { web: { version: 'a', probe }, db: { version: 'b', probe: EXEC_PROBE } } });
const of = (entry: RunEntry): Assignment => ({
  host: hostId(1),
  epoch: 1,
  generation: 1,
  entries: [entry, { kind: 'remove', app: appName('old'), volumes: false }],
});

t.test('forAgent: an agent without the capability gets no overrides of the image health check', (t) => {
  const overridden = of(entryWith({ ...IMAGE_PROBE, check: { kind: 'image', overrides: { retries: 9 } } }));
  t.same(forAgent(overridden, new Set(['swap'])), of(entryWith(IMAGE_PROBE)));
  t.equal(forAgent(overridden, new Set(CAPABILITIES)), overridden);
  t.end();
});
