/** The coordinator moves to another zone and keeps its data: by a snapshot, as docs/infrastructure.md says. */
import { usualZone, zoneTable } from '../../infra/fleet-file/google-zones.ts';
import { coordinatorDiskName } from '../../infra/fleet-file/resource-names.ts';
import type { Standing } from './bring-up.ts';
import { describeHosts } from './coordinator-client.ts';
import { describeChanges, expect, type Stage } from './stage.ts';

const snapshot = 'before-the-move';

export async function moveCoordinator(stage: Stage, { coordinator }: Standing): Promise<void> {
  const { fleet, google } = stage.options;
  const { zone, region } = fleet.coordinator;
  const target =
    zoneTable([zone])
      .zonesOf(region)
      .find((other) => other !== zone) ?? usualZone(region, zoneTable([]));
  const base = `https://compute.googleapis.com/compute/v1/projects/${fleet.project}`;
  const disk = coordinatorDiskName(fleet.name, fleet.coordinator.dataSnapshot);
  const before = (await coordinator.hosts()).filter(({ connected }) => connected).map(({ id }) => id);

  await stage.step("The coordinator's machine is stopped, and its disk put into a snapshot", async () => {
    const machine = `${base}/zones/${zone}/instances/${fleet.name}-coordinator`;
    await google.call('POST', `${machine}/stop`);
    await stage.until('a stopped machine', async () => {
      const { status } = (await google.json<{ readonly status: string }>('GET', machine)) ?? { status: 'gone' };
      if (status !== 'TERMINATED') throw new Error(status);
      return true;
    });
    const sourceDisk = `projects/${fleet.project}/zones/${zone}/disks/${disk}`;
    await google.call('POST', `${base}/global/snapshots`, { name: snapshot, sourceDisk });
  });
  stage.edit(['coordinator', 'zone'], target);
  stage.edit(['coordinator', 'data_snapshot'], snapshot);
  await stage.step('The plan of another zone for the coordinator is refused: it would destroy a disk', async () => {
    const planned = await stage.terraform.plan().catch(() => null);
    expect(planned === null, 'a refusal');
  });
  const planned = await stage.step(`bash plan.sh --destroy-data ${disk}`, () =>
    stage.terraform.plan('--destroy-data', disk),
  );
  expect(
    planned.every(({ address }) => address.includes('coordinator')),
    `a plan of the coordinator's machine and disk alone, not ${describeChanges(planned)}`,
  );
  await stage.step('terraform apply .plan', () => stage.terraform.apply());
  await stage.step(`The coordinator answers from ${target} with the same hosts`, () =>
    stage.until('the hosts of before', async () => {
      const hosts = await coordinator.hosts();
      if (!before.every((id) => hosts.some((host) => host.id === id && host.connected)))
        throw new Error(describeHosts(hosts));
      return true;
    }),
  );
  await stage.emptyPlan('A further plan is empty');
  await google.call('DELETE', `${base}/global/snapshots/${snapshot}`);
}
