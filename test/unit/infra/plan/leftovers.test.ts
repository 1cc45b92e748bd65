import t from 'tap';
import { LongshoreError } from '../../../../fleet/errors.ts';
import { refuseLeftovers } from '../../../../infra/plan/leftovers.ts';
import { parsePlan } from '../../../../infra/plan/plan-json.ts';

const plan = parsePlan(
  JSON.stringify({
    resource_changes: [
      change('docker_container', 'registry', { actions: ['no-op'], before: { name: 'shop-registry' } }),
      change('docker_container', 'enrolment', { actions: ['create'], before: null, after: { name: 'shop-enrolment' } }),
      change('docker_network', 'network', { actions: ['delete'], before: { name: 'shop-registry' } }),
    ],
  }),
);

t.test('refuseLeftovers: what the state knows is no leftover, also where it goes', (t) => {
  refuseLeftovers(plan, []);
  refuseLeftovers(plan, [
    { kind: 'container', name: 'shop-registry' },
    { kind: 'network', name: 'shop-registry' },
  ]);
  t.pass('nothing is refused');
  t.end();
});

t.test('refuseLeftovers: what stands in the way is named, with what takes it away', (t) => {
  const objects = [
    { kind: 'container' as const, name: 'shop-enrolment' },
    { kind: 'network' as const, name: 'shop-other' },
  ];

  try {
    refuseLeftovers(plan, objects);
    t.fail('it was taken');
  } catch (error) {
    if (!(error instanceof LongshoreError)) throw error;
    t.equal(error.problem.code, 'INFRA_UNREADY');
    t.match(error.problem.message, /container shop-enrolment, network shop-other/);
    t.equal(
      error.problem.hint,
      'Take it away and plan again: docker rm -f shop-enrolment && docker network rm shop-other',
    );
  }
  t.end();
});

function change(type: string, name: string, values: object): object {
  return { address: `${type}.${name}`, type, name, change: values };
}
