// Terraform's providers for the suites that run the real ones: got once before the suite, because the first time they
// are built, for longer than a test may last. Where that is not possible the tests themselves say why and skip
// (test/support/terraform.ts), or fail with LONGSHORE_REQUIRE_TERRAFORM=1.
import { spawnSync } from 'node:child_process';

export function prepareTerraform(): void {
  const { status } = spawnSync('bash', ['scripts/providers.sh'], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) console.log('Tests with the real Terraform will be skipped: its providers are not there.');
}
