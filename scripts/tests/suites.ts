// The suites of this repository: where each one's files are, how they share processes and what they need.
// The order is the order of a full run: cheap and telling first.

export interface Suite {
  readonly name: string;
  readonly folder: string;
  /** Files that run together in how many processes; `each` gives every file its own. */
  readonly processes: number | 'each';
  /** Files at the same time where `processes` is `each`. */
  readonly jobs: number;
  readonly timeoutMs: number;
  /** Runs the real Terraform with its providers. */
  readonly terraform?: boolean;
}

export const suites: readonly Suite[] = [
  { name: 'architecture', folder: 'test/architecture', processes: 1, jobs: 1, timeoutMs: 120_000 },
  { name: 'unit', folder: 'test/unit', processes: 2, jobs: 2, timeoutMs: 120_000 },
  { name: 'properties', folder: 'test/properties', processes: 2, jobs: 2, timeoutMs: 300_000 },
  { name: 'contract', folder: 'test/contract', processes: 'each', jobs: 1, timeoutMs: 300_000 },
  { name: 'integration', folder: 'test/integration', processes: 'each', jobs: 2, timeoutMs: 180_000 },
  { name: 'infra', folder: 'test/infra', processes: 'each', jobs: 1, timeoutMs: 600_000, terraform: true },
  { name: 'e2e', folder: 'test/e2e', processes: 'each', jobs: 1, timeoutMs: 600_000, terraform: true },
  { name: 'rehearsal', folder: 'test/rehearsal', processes: 'each', jobs: 1, timeoutMs: 1_200_000, terraform: true },
];

export function findSuite(name: string): Suite | undefined {
  return suites.find((suite) => suite.name === name);
}
