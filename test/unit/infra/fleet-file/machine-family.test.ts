import t from 'tap';
import {
  architectureOf,
  diskProblem,
  livesThroughMaintenance,
  machineProblem,
  machineSize,
  usualDiskType,
} from '../../../../infra/fleet-file/machine-family.ts';

t.test('machine types: one that does not exist is named, with the nearest', (t) => {
  t.match(
    machineProblem('e2-mediun', []),
    /"e2-mediun" is not a machine type of Google \(did you mean "e2-medium"\?\)/,
  );
  t.match(machineProblem('e2-standard-3', []), /did you mean "e2-standard-\d+"/);
  t.match(machineProblem('q9-standard-4', []), /is not a machine type[^]*further_machines/);
  t.match(machineProblem('t2d-custom-4-8192', []), /is not a machine type/);
  t.equal(machineProblem('q9-standard-4', ['q9-standard-4']), null);
  for (const known of [
    'e2-medium',
    'n2-highmem-8',
    'e2-custom-4-8192',
    'custom-2-4096',
    'c3-standard-22-lssd',
    'a2-highgpu-1g',
  ])
    t.equal(machineProblem(known, []), null, known);
  t.end();
});

t.test('machine types: disks that a family does not take, or only its large machines', (t) => {
  t.match(
    diskProblem('e2-small', 'pd-extreme'),
    /e2-small takes no pd-extreme: it takes pd-balanced, pd-ssd, pd-standard/,
  );
  t.match(diskProblem('c4-standard-2', 'pd-ssd'), /takes no pd-ssd/);
  t.match(diskProblem('n2-standard-8', 'pd-extreme'), /needs a machine of 64 vCPUs or more; n2-standard-8 has 8/);
  t.match(diskProblem('a4-highgpu-8g', 'pd-ssd'), /takes no pd-ssd/);
  t.equal(diskProblem('n2-standard-64', 'pd-extreme'), null);
  t.equal(diskProblem('e2-small', 'pd-ssd'), null);
  t.equal(diskProblem('q9-standard-4', 'pd-ssd'), null, 'nobody knows');
  t.end();
});

t.test('machine types: what follows from the family', (t) => {
  t.same(['t2a-standard-1', 'c4a-standard-2', 'e2-small', 'q9-x'].map(architectureOf), [
    'arm64',
    'arm64',
    'x64',
    'x64',
  ]);
  t.same(['e2-small', 'n4-standard-2', 'a4-highgpu-8g'].map(usualDiskType), [
    'pd-balanced',
    'hyperdisk-balanced',
    'hyperdisk-balanced',
  ]);
  t.same(
    ['e2-small', 'g2-standard-4', 'a3-highgpu-8g', 'h3-standard-88', 'c3-standard-192-metal'].map(
      livesThroughMaintenance,
    ),
    [true, false, false, false, false],
  );
  t.same(machineSize('e2-standard-4'), { cpus: 4, gb: 16 });
  t.same(machineSize('e2-custom-4-8192'), { cpus: 4, gb: 8 });
  t.equal(machineSize('e2-standard-3'), null);
  t.end();
});
