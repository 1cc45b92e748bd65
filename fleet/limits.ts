/**
 * How long the texts and lists are that agent and coordinator exchange and keep. Whoever makes one keeps to these; the
 * schemas of `protocol/` hold both sides to them. They may be raised in the schemas first, and a release later where
 * the texts are made: an older coordinator refuses what is longer than it knows.
 */
export const TEXT_LIMITS = {
  eventKind: 64,
  eventText: 4_096,
  problemMessage: 16_384,
  problemHint: 4_096,
  detailPath: 512,
  detailMessage: 2_048,
  /** All details of one problem together. */
  allDetails: 262_144,
  waiting: 2_048,
  instanceDetail: 2_048,
  status: 512,
  hostProblem: 1_024,
  /** A version, a platform. */
  version: 64,
  registry: 300,
  /** Of a file or folder of a host. */
  path: 4_096,
  /** A service, a digest, the value of a label. */
  word: 1_024,
  /** Last lines of a program that failed, in the message that says so. */
  output: 2_048,
  logMessage: 16_384,
} as const;

export const LIST_LIMITS = {
  problemDetails: 1_000,
  /** Instances of one app on one host. */
  instances: 1_000,
  registries: 10_000,
  hostProblems: 50,
  capabilities: 64,
} as const;
