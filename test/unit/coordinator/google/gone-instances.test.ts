import t from 'tap';
import { goneInstances, type Absences } from '../../../../coordinator/google/gone-instances.ts';
import type { InstanceList } from '../../../../coordinator/google/instance-list.ts';
import { hostId } from '../../../support/app-builders.ts';
import { aHostRow } from '../../../support/host-rows.ts';

const ZONE = 'europe-west1-b';
const host = (number: number, zone = ZONE) =>
  aHostRow(number, { instance: { projectNumber: '1', id: String(number), zone, name: `edge-${number}` } });
const complete = (...ids: readonly number[]): InstanceList => ({ kind: 'complete', ids: new Set(ids.map(String)) });
const incomplete: InstanceList = { kind: 'incomplete', reason: 'UNREACHABLE' };

/** Looks once with each list; answers who was gone at which look. */
function looks(lists: readonly InstanceList[], hosts = [host(1), host(2)]): readonly (readonly string[])[] {
  let absences: Absences = new Map();
  return lists.map((list) => {
    const found = goneInstances({ hosts, lists: new Map([[ZONE, list]]), absences });
    ({ absences } = found);
    return found.gone.map((row) => row.name);
  });
}

t.test('goneInstances: gone after two complete answers without it', (t) => {
  t.same(looks([complete(1, 2), complete(1), complete(1)]), [[], [], ['host-2']]);
  t.same(looks([complete(), complete()]), [[], ['host-1', 'host-2']]);
  t.end();
});

t.test('goneInstances: an incomplete answer removes nobody, counts for nobody and forgets nothing', (t) => {
  t.same(looks([incomplete, incomplete, incomplete]), [[], [], []]);
  t.same(looks([complete(1), incomplete, incomplete, complete(1)]), [[], [], [], ['host-2']]);
  t.end();
});

t.test('goneInstances: one that is seen again begins anew', (t) => {
  t.same(looks([complete(1), complete(1, 2), complete(1), complete(1, 2)]), [[], [], [], []]);
  t.end();
});

t.test('goneInstances: each host goes by its own zone, and only by an answer of it', (t) => {
  const far = host(3, 'us-central1-a');
  const byToken = aHostRow(4, { instance: null });
  const absences = new Map([[far.id, 1]]);

  const found = goneInstances({ hosts: [far, byToken], lists: new Map([[ZONE, complete()]]), absences });

  t.same(found.gone, []);
  t.same([...found.absences], [[hostId(3), 1]]);
  t.end();
});
