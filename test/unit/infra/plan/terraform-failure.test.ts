import t from 'tap';
import { applyFailure, initFailure, planFailure } from '../../../../infra/plan/terraform-failure.ts';
import { applyCommand, showCommand, workspaceOf } from '../../../../infra/plan/workspace.ts';

const workspace = workspaceOf('/fleets/my shop', 'gcp');
const said = (stderr: string, code: number | null = 1) => ({ code, stdout: '', stderr });

t.test('initFailure: a state that lies elsewhere, with the command that moves it', (t) => {
  const error = initFailure(said('│ Error: Backend configuration changed\n│\n│ A change in the backend'), workspace);

  t.equal(error.code, 'STATE_ELSEWHERE');
  t.match(
    error.problem.hint,
    "TF_DATA_DIR='/fleets/my shop/.terraform' terraform -chdir='/fleets/my shop/cdktf.out/stacks/gcp' init -migrate-state",
  );
  t.end();
});

t.test('initFailure: a registry that is not reached, however Terraform breaks the line', (t) => {
  for (const text of [
    '│ Could not retrieve the list of available versions for provider\n│ hashicorp/google: could not connect to\n│ registry.terraform.io: no such host',
    '╷\n│ Error: Failed to query available provider packages\n╵',
    '│ Error: Failed to install provider\n│ Error while installing hashicorp/google',
  ]) {
    const error = initFailure(said(text), workspace);
    t.equal(error.code, 'INFRA_UNREADY', text);
    t.match(error.problem.hint, 'eval "$(bash scripts/providers.sh)"');
  }
  t.end();
});

t.test('initFailure: other builds of the providers, and what we do not know', (t) => {
  const other = initFailure(
    said("│ the local package for x doesn't match any of the\n│ checksums previously recorded"),
    workspace,
  );
  t.match(other.problem.hint, "rm '/fleets/my shop/.terraform.lock.hcl'");
  const unknown = initFailure(said('Error: something new'), workspace);
  t.equal(unknown.code, 'TERRAFORM_FAILED');
  t.match(unknown.message, 'Error: something new');
  t.equal(initFailure(said('', null), workspace).code, 'INFRA_UNREADY');
  t.end();
});

t.test('planFailure: a lock, a protected thing, anything else', (t) => {
  t.match(planFailure(said('Error: Error acquiring the state lock')).problem.hint, /Wait for them/);
  t.match(planFailure(said('Error: Instance cannot be destroyed')).problem.hint, /protect: false/);
  t.match(planFailure(said('Error: odd')).message, 'Error: odd');
  t.match(planFailure({ code: 1, stdout: 'only here', stderr: ' ' }).message, 'only here');
  t.match(applyFailure(said('')).problem.hint, /Run `bash plan\.sh` again/);
  t.end();
});

t.test('applyCommand: what a person types from where they stand', (t) => {
  const call = { script: '/fleets/plan.sh', file: null, directory: null, here: '/fleets' };
  const local = workspaceOf('/fleets', 'local');

  t.equal(applyCommand(workspaceOf('/fleets', 'gcp'), call), 'terraform apply .plan');
  t.equal(applyCommand(workspace, call), "cd '/fleets/my shop' && terraform apply .plan");
  t.equal(applyCommand(local, call), 'bash plan.sh --stack local --apply');
  t.equal(
    applyCommand(local, { ...call, file: 'a b.yaml', directory: '.', here: '/fleets/sub' }),
    "bash ../plan.sh --stack local --file 'a b.yaml' --dir . --apply",
  );
  t.equal(showCommand(workspaceOf('/fleets', 'gcp'), call), 'terraform show .plan');
  t.match(showCommand(local, call), 'terraform -chdir=/fleets/cdktf.out/stacks/local show /fleets/.plan-local');
  t.end();
});
