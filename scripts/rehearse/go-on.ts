/** What happens to a fleet that stands: it grows, loses a machine and gets it back, is attacked from inside, and goes. */
import type { Standing } from './bring-up.ts';
import { describeHosts, runsApp, type SeenHost } from './coordinator-client.ts';
import { leftovers } from './leftovers.ts';
import { checkMetadataGuard } from './machine-checks.ts';
import { rehearsedPool } from './plan-rehearsal.ts';
import { exampleApp } from './ship-app.ts';
import { describeChanges, expect, type Stage } from './stage.ts';

/** The coordinator looks each minute, and believes only the second look. */
const goneMs = 300_000;

export async function growAndHeal(stage: Stage, { coordinator, address }: Standing): Promise<void> {
  const { fleet, state } = stage.options;
  const pool = rehearsedPool(fleet);
  const before = await coordinator.hosts();
  const oneMore = (known: readonly SeenHost[]): Promise<SeenHost> =>
    stage.until('one more host with the app', async () => {
      const hosts = await coordinator.hosts();
      const found = hosts.find((host) => !known.some((old) => old.id === host.id) && runsApp(host, exampleApp));
      if (found === undefined) throw new Error(describeHosts(hosts));
      return found;
    });

  stage.edit(['pools', pool.name, 'count'], pool.count + 1);
  const grown = await stage.step('One more host in fleet.yaml: the plan shows just that', () => stage.terraform.plan());
  expect(
    grown.length === 1 && grown[0]?.actions.join() === 'update' && grown[0].address.includes('instance_group_manager'),
    `a plan that changes one group and nothing else, not ${describeChanges(grown)}`,
  );
  await stage.step('terraform apply .plan', () => stage.terraform.apply());
  const joined = await stage.step('The new host joins and gets the app by itself', () => oneMore(before));
  await stage.emptyPlan('A further plan is empty');
  await stage.emptyPlanElsewhere('A plan from another folder is empty');

  await stage.step(`${joined.name} is deleted behind Terraform's back, and comes back`, async () => {
    await deleteInstance(stage, joined.name);
    await oneMore([...before, joined]);
  });
  await stage.step("A container of the app asks for its host's identity, and gets nothing", () =>
    checkMetadataGuard(state, before[0]?.name ?? '', exampleApp),
  );
  await stage.answers('The app still answers', address);
  await stage.emptyPlan('A further plan is empty again');
  await stage.step("The deleted host has left the coordinator's list", () =>
    stage.until(
      'the list without it',
      async () => {
        const hosts = await coordinator.hosts();
        if (hosts.some((host) => host.id === joined.id)) throw new Error(describeHosts(hosts));
        return true;
      },
      goneMs,
    ),
  );
}

export async function takeDown(stage: Stage): Promise<void> {
  const { fleet, folder, state } = stage.options;
  if (fleet.protect) {
    stage.edit(['protect'], false);
    await stage.step('protect: false, bash plan.sh and terraform apply .plan', async () => {
      const opened = await stage.terraform.plan();
      expect(
        opened.every(({ actions }) => actions.join() === 'update'),
        `a plan that takes only the protection away, not ${describeChanges(opened)}`,
      );
      await stage.terraform.apply();
    });
  }
  const destroyed = await stage.step('bash plan.sh --destroy', () =>
    stage.terraform.plan('--destroy', '--destroy-data', fleet.name),
  );
  expect(
    destroyed.length > 0 && destroyed.every(({ actions }) => actions.join() === 'delete'),
    `a plan that only destroys, not ${describeChanges(destroyed)}`,
  );
  await stage.step('terraform apply .plan', () => stage.terraform.apply());
  await stage.step('Nothing is left', async () => {
    const { state: stateBucket, coordinator } = fleet;
    const own = [
      ...(stateBucket === null ? [] : [`storage/b/${stateBucket.bucket}`, `storage/o/${stateBucket.bucket}`]),
      ...(coordinator.dnsZone === null ? [] : ['dns']),
    ];
    const left = await leftovers(folder, state, own);
    expect(left.length === 0, `nothing left, but there is ${left.join(', ')}`);
  });
}

/** As somebody does it in the console, or as a machine that Google has to give up. */
async function deleteInstance(stage: Stage, name: string): Promise<void> {
  const { fleet, google } = stage.options;
  for (const { zone } of rehearsedPool(fleet).zones) {
    const url = `https://compute.googleapis.com/compute/v1/projects/${fleet.project}/zones/${zone}/instances/${name}`;
    if ((await google.call('DELETE', url)) !== undefined) return;
  }
  throw new Error(`there is no instance ${name}`);
}
