/** The startup scripts as local values of the configuration: each stands in it once, however many pools there are. */
import { TerraformLocal } from 'cdktf';
import { Construct } from 'constructs';
import { renderStartupScript, type MachineRole } from '../../setup/render-startup-script.ts';
import { literalText } from './template-text.ts';

export class StartupText extends Construct {
  readonly #texts: Readonly<Record<MachineRole, TerraformLocal>>;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.#texts = {
      agent: new TerraformLocal(this, 'agent', literalText(renderStartupScript({ role: 'agent' }))),
      coordinator: new TerraformLocal(this, 'coordinator', literalText(renderStartupScript({ role: 'coordinator' }))),
    };
  }

  /** An expression, for metadata. */
  of(role: MachineRole): string {
    return this.#texts[role].asString;
  }
}
