/** What the steps of a rehearsal share: Terraform, the stand-in, the file that is edited, and waiting for things to be so. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { FleetConfig } from '../../infra/fleet-file/fleet-config.ts';
import { withValue } from './edit-fleet.ts';
import type { GoogleClient } from './google-client.ts';
import type { RehearsalFolder, RehearsalState } from './rehearsal-folder.ts';
import type { CommandWishes } from './run-command.ts';
import { checkCount } from './ship-app.ts';
import { type PlannedChange, TerraformSteps } from './terraform-steps.ts';
import type { Timings } from './timings.ts';
import { waitUntil } from './wait-until.ts';

export interface StageOptions {
  readonly folder: RehearsalFolder;
  readonly state: RehearsalState;
  readonly fleet: FleetConfig;
  readonly google: GoogleClient;
  readonly wishes: CommandWishes;
  readonly say: (line: string) => void;
  readonly timings: Timings;
}

const bootMs = 300_000;

export class Stage {
  readonly options: StageOptions;
  readonly terraform: TerraformSteps;

  constructor(options: StageOptions) {
    const { folder, wishes } = options;
    this.options = options;
    this.terraform = new TerraformSteps(folder.path('work'), folder.path('fleet.yaml'), wishes);
  }

  step<T>(what: string, work: () => Promise<T>): Promise<T> {
    return this.options.timings.step(what, work);
  }

  /** @param look undefined: not yet; what it throws says what is the case. */
  until<T>(what: string, look: () => Promise<T | undefined>, limitMs = bootMs): Promise<T> {
    return waitUntil({ what, limitMs, signal: this.options.wishes.signal }, look);
  }

  /** One value of fleet.yaml, as a person edits it. */
  edit(path: readonly string[], value: number | boolean | string): void {
    const file = this.options.folder.path('fleet.yaml');
    writeFileSync(file, withValue(readFileSync(file, 'utf8'), path, value));
  }

  /** The app answers at the address that the outputs name for the pool; without one nobody outside reaches it. */
  async answers(what: string, address: string | undefined): Promise<void> {
    if (address === undefined) {
      this.options.say(`    (no pool has an address: that the app answers is not looked at)`);
      return;
    }
    await this.step(`${what}: http://${address}/count`, () =>
      this.until('the app', async () => {
        await checkCount(`http://${address}`);
        return true;
      }),
    );
  }

  async emptyPlan(what: string): Promise<void> {
    const changes = await this.step(what, () => this.terraform.plan());
    expect(changes.length === 0, `an empty plan, not ${describeChanges(changes)}`);
  }

  /** With a copy of the state, as a colleague's checkout or a build server has it. */
  async emptyPlanElsewhere(what: string): Promise<void> {
    const { folder, fleet, wishes } = this.options;
    const elsewhere = folder.path('elsewhere');
    const state = `${fleet.name}.gcp.tfstate`;
    mkdirSync(elsewhere, { recursive: true });
    if (fleet.state === null) copyFileSync(path.join(folder.path('work'), state), path.join(elsewhere, state));
    const terraform = new TerraformSteps(elsewhere, folder.path('fleet.yaml'), wishes);
    const changes = await this.step(what, () => terraform.plan());
    expect(changes.length === 0, `an empty plan, not ${describeChanges(changes)}`);
  }
}

export function expect(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`expected was ${what}`);
}

export function describeChanges(changes: readonly PlannedChange[]): string {
  return changes.map(({ address, actions }) => `${actions.join('+')} ${address}`).join(', ');
}
