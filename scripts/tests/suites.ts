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
  /** Files that take longest, begun first: a run of several at a time is not left waiting for one of them. */
  readonly longest?: readonly string[];
  /** Starts programs of dist/ in several files: it is built before them, as none may take it away from another. */
  readonly built?: true;
  /** Runs the real Terraform with its providers. */
  readonly terraform?: boolean;
}

export const suites: readonly Suite[] = [
  { name: 'architecture', folder: 'test/architecture', processes: 1, jobs: 1, timeoutMs: 600_000 },
  { name: 'unit', folder: 'test/unit', processes: 2, jobs: 2, timeoutMs: 600_000 },
  { name: 'properties', folder: 'test/properties', processes: 2, jobs: 2, timeoutMs: 600_000 },
  { name: 'contract', folder: 'test/contract', processes: 'each', jobs: 2, timeoutMs: 900_000 },
  {
    name: 'integration',
    folder: 'test/integration',
    processes: 'each',
    jobs: 2,
    timeoutMs: 600_000,
    longest: ['standby.test.ts'],
  },
  {
    name: 'infra',
    folder: 'test/infra',
    processes: 'each',
    jobs: 2,
    // The first that needs it makes the image of the machines.
    timeoutMs: 1_800_000,
    // The rehearsal mostly waits for its machines, the others for a processor.
    longest: ['rehearse.test.ts', 'edit-applies.test.ts'],
    terraform: true,
  },
  {
    name: 'e2e',
    folder: 'test/e2e',
    processes: 'each',
    jobs: 2,
    timeoutMs: 1_800_000,
    longest: ['vm.test.ts', 'agent-kill-stop-first.test.ts'],
    built: true,
    terraform: true,
  },
];

export function findSuite(name: string): Suite | undefined {
  return suites.find((suite) => suite.name === name);
}
