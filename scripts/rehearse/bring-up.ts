/** From a fleet file to an app that answers at the fleet's address, as a person does it; with the time that each part takes. */
import { writeFileSync } from 'node:fs';
import { bucketName } from '../../infra/fleet-file/resource-names.ts';
import { CoordinatorClient, describeHosts } from './coordinator-client.ts';
import { rehearsedPool } from './plan-rehearsal.ts';
import { deployApp, pushApp } from './ship-app.ts';
import { describeChanges, expect, type Stage } from './stage.ts';
import type { FleetOutputs } from './terraform-steps.ts';
import { type Moment, renderFigures } from './timings.ts';

export interface Standing {
  readonly outputs: FleetOutputs;
  readonly coordinator: CoordinatorClient;
  /** Of the pool that is rehearsed. */
  readonly address: string | undefined;
}

export async function bringUp(stage: Stage): Promise<Standing> {
  const { fleet, google, say } = stage.options;
  const planned = await stage.step('bash plan.sh', () => stage.terraform.plan());
  expect(
    planned.length > 0 && planned.every(({ actions }) => actions.join() === 'create'),
    `a plan that only adds, not ${describeChanges(planned)}`,
  );
  const moments: Moment[] = [{ what: 'terraform apply', atMs: performance.now() }];
  const moment = (what: string): void => {
    moments.push({ what, atMs: performance.now() });
  };
  await stage.step('terraform apply .plan', () => stage.terraform.apply());
  moment('terraform apply');
  const outputs = await stage.terraform.outputs();
  const coordinator = await stage.step('The coordinator comes up, and its first token is in Secret Manager', () =>
    reachCoordinator(stage, outputs),
  );
  moment('until the coordinator answers');
  const count = fleet.pools.reduce((sum, pool) => sum + pool.count, 0);
  await stage.step(`${count} hosts enrol by their machines' identity`, () =>
    stage.until('hosts that are connected', async () => {
      const hosts = await coordinator.hosts();
      if (hosts.filter((host) => host.connected).length !== count) throw new Error(describeHosts(hosts));
      return true;
    }),
  );
  moment('until all hosts are there');
  const ship = { ...stage.options, registry: outputs.registry };
  await stage.step("docker push to the fleet's registry", async () => pushApp(ship, await google.token()));
  moment('build and push of the app');
  await stage.step('longshore deploy', () => deployApp(ship, coordinatorVariables(stage, outputs)));
  moment('longshore deploy');
  const address = outputs.addresses.get(rehearsedPool(fleet).name);
  await stage.answers('The app answers at the address that Terraform put out', address);
  moment('until it answers at the address');
  say(`\n${renderFigures(moments)}\n`);
  return { outputs, coordinator, address };
}

/** What a person exports to use the command line. */
export function coordinatorVariables(stage: Stage, outputs: FleetOutputs): Readonly<Record<string, string>> {
  const { folder } = stage.options;
  return {
    LONGSHORE_URL: outputs.coordinatorUrl,
    LONGSHORE_TOKEN_FILE: folder.path('token'),
    NODE_EXTRA_CA_CERTS: folder.path('coordinator-root.pem'),
  };
}

async function reachCoordinator(stage: Stage, outputs: FleetOutputs): Promise<CoordinatorClient> {
  const { fleet, google, folder } = stage.options;
  const root = await stage.until("the coordinator's root in the bucket", () =>
    google.object(bucketName(fleet.project, fleet.name), 'ca/root.pem'),
  );
  const token = await stage.until('the first token', () => google.secret(fleet.project, outputs.tokenSecret));
  writeFileSync(folder.path('coordinator-root.pem'), root);
  writeFileSync(folder.path('token'), `${token.trim()}\n`, { mode: 0o600 });
  const coordinator = new CoordinatorClient(outputs.coordinatorUrl, token.trim(), root);
  await stage.until('an answer of the coordinator', () => coordinator.hosts());
  return coordinator;
}
