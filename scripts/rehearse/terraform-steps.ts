/**
 * plan.sh and Terraform, as a person runs them, and what their plan says. Nothing of the configuration knows that this
 * is a rehearsal: only variables of the environment do.
 */
import { mustRun, type CommandWishes } from './run-command.ts';

export interface PlannedChange {
  readonly address: string;
  /** `create`, `update`, `delete`, or two of them for a replacement. */
  readonly actions: readonly string[];
}

export interface FleetOutputs {
  readonly coordinatorUrl: string;
  /** `LOCATION-docker.pkg.dev/PROJECT/REPOSITORY` */
  readonly registry: string;
  readonly tokenSecret: string;
  /** By pool. */
  readonly addresses: ReadonlyMap<string, string>;
}

export class TerraformSteps {
  readonly #folder: string;
  readonly #fleetFile: string;
  readonly #wishes: CommandWishes;

  constructor(folder: string, fleetFile: string, wishes: CommandWishes) {
    this.#folder = folder;
    this.#fleetFile = fleetFile;
    this.#wishes = wishes;
  }

  /** @returns what the plan would change */
  async plan(...further: readonly string[]): Promise<readonly PlannedChange[]> {
    const args = ['plan.sh', '--file', this.#fleetFile, '--dir', this.#folder, ...further];
    await mustRun('plan', 'bash', args, { ...this.#wishes, show: true });
    const here = { ...this.#wishes, cwd: this.#folder };
    const shown = await mustRun('read the plan', 'terraform', ['show', '-json', '.plan'], here);
    return changesOf(JSON.parse(shown) as PlanJson);
  }

  /** In the folder of the plan, which is all that Terraform needs. */
  async apply(): Promise<void> {
    const args = ['apply', '-no-color', '.plan'];
    await mustRun('apply', 'terraform', args, { ...this.#wishes, cwd: this.#folder });
  }

  async outputs(): Promise<FleetOutputs> {
    const args = ['plan.sh', '--file', this.#fleetFile, '--dir', this.#folder, '--output'];
    return parseOutputs(await mustRun('read the outputs', 'bash', args, this.#wishes));
  }
}

interface PlanJson {
  readonly resource_changes?: readonly {
    readonly address: string;
    readonly change: { readonly actions: readonly string[] };
  }[];
}

export function changesOf(plan: PlanJson): readonly PlannedChange[] {
  return (plan.resource_changes ?? [])
    .map(({ address, change }) => ({ address, actions: change.actions }))
    .filter(({ actions }) => !actions.every((action) => action === 'no-op' || action === 'read'));
}

/** Of what `terraform output` writes for people. */
export function parseOutputs(text: string): FleetOutputs {
  const one = (name: string): string => new RegExp(`^${name} = "(.+)"$`, 'm').exec(text)?.[1] ?? '';
  const [, pools = ''] = /^pool_addresses = \{\n([^}]*)\}/m.exec(text) ?? [];
  return {
    coordinatorUrl: one('coordinator_url'),
    registry: one('registry'),
    tokenSecret: /--secret=(\S+)/.exec(one('first_token_command'))?.[1] ?? '',
    addresses: new Map(
      [...pools.matchAll(/"?([a-z0-9-]+)"? = "([^"]+)"/g)].map(([, pool = '', at = '']) => [pool, at]),
    ),
  };
}
