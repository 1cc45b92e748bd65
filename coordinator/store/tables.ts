/**
 * The tables as Kysely sees them. Portable types only: text, integers, and JSON and base64 in text, so that the same
 * schema and queries serve SQLite and PostgreSQL.
 */
export interface Tables {
  /** Single values: `epoch`, `event-hash`, `key-check`. */
  readonly meta: { key: string; value: string };
  /** Numbers given under a row's lock: `events`, `deployments`, `tokens`. */
  readonly counters: { name: string; value: number };
  readonly hosts: HostsTable;
  readonly sessions: {
    host: string;
    coordinator: string;
    url: string;
    epoch: number;
    opened_at: number;
    closed_at: number | null;
  };
  readonly apps: {
    name: string;
    newest: number;
    succeeded: number | null;
    succeeded_by: string | null;
    created_at: number;
    removed_at: number | null;
  };
  readonly releases: {
    app: string;
    number: number;
    spec: string;
    hashes: string;
    secret_versions: string;
    /** Over spec, hashes and secret versions: tells assignments apart without their whole text. */
    content: string;
    cause: string;
    created_at: number;
    /** 1 = the app served it as a whole at some time; after which one, null for the first. */
    served: number;
    served_after: number | null;
  };
  readonly targets: TargetsTable;
  /** Highest attempt ever given, kept when the target goes: an agent remembers verdicts by attempt. */
  readonly attempts: { host: string; app: string; last: number };
  readonly deployments: DeploymentsTable;
  readonly steps: {
    deployment: string;
    host: string;
    wave: number;
    state: string;
    from_release: number | null;
    attempt: number;
    problem: string | null;
    changed_at: number;
  };
  readonly quarantine: {
    /** `failed` or `held`. */
    kind: string;
    app: string;
    service: string;
    digest: string;
    reason: string;
    since: number;
    deployment: string;
  };
  /** One row a name, kept after removal so that no version is used twice. */
  readonly secrets: { app: string; name: string; last_version: number; set_at: number; removed: number };
  readonly secret_versions: { app: string; name: string; version: number; ciphertext: string; set_at: number };
  readonly registries: { registry: string; username: string; ciphertext: string; set_at: number };
  readonly api_tokens: {
    id: string;
    seq: number;
    name: string;
    role: string;
    hash: string;
    created_at: number;
    expires_at: number | null;
    last_used_at: number | null;
    revoked_at: number | null;
  };
  readonly enroll_tokens: {
    id: string;
    seq: number;
    kind: string;
    pool: string | null;
    labels: string;
    hash: string;
    created_at: number;
    expires_at: number | null;
    uses: number;
    revoked_at: number | null;
  };
  /** Requests that create something, by token id and `Idempotency-Key`. `answer`: encrypted, base64. */
  readonly requests: {
    actor: string;
    key: string;
    hash: string;
    answer: string | null;
    created_at: number;
    until: number;
  };
  readonly events: {
    number: number;
    at: number;
    kind: string;
    app: string | null;
    host: string | null;
    deployment: string | null;
    cause: string;
    text: string;
    hash: string;
    /** Whose it is: `person`, `coordinator` or `host`. */
    source: string;
    /** About what it takes in the database, with its indexes. */
    bytes: number;
  };
  /** How much of the log is whose; `host` is empty where the source is not one. */
  readonly event_shares: { source: string; host: string; events: number; bytes: number };
  /** Ranges of numbers that were pruned, never next to one another. `hash`: of the last event in it. */
  readonly event_gaps: { first: number; last: number; hash: string };
}

export interface HostsTable {
  id: string;
  name: string;
  pool: string | null;
  /** Of the operator and the enrolment token; they win over the pool's, which win over the agent's. */
  labels_own: string;
  labels_agent: string;
  /** Of the pool's entry in fleet.json, for instances. */
  labels_pool: string;
  availability: string;
  platform: string | null;
  agent_version: string | null;
  engine_version: string | null;
  public_key: string;
  sealing_key: string;
  enroll_token: string;
  enrolled_at: number;
  last_seen_at: number | null;
  removed_at: number | null;
  session_epoch: number;
  /** Newest order allocated, with the hash of its content. */
  order_epoch: number;
  order_generation: number;
  order_hash: string;
  acked_epoch: number | null;
  acked_generation: number | null;
  /** Null where the host is no instance that enrolled by its identity; all four or none. */
  project_number: string | null;
  instance_id: string | null;
  instance_zone: string | null;
  instance_name: string | null;
  /** Boot in which the machine said that it powers off; null = it did not, or a person decided since. */
  power_off_boot: string | null;
}

export interface TargetsTable {
  host: string;
  app: string;
  kind: string;
  /** Null with `remove`, as the following. */
  release: number | null;
  deployment: string | null;
  attempt: number | null;
  rollback: number;
  replicas: string;
  volumes: number;
  only_once: number;
  /** Services whose instances it replaces although they are unchanged, as JSON. */
  replaced: string | null;
}

export interface DeploymentsTable {
  id: string;
  seq: number;
  app: string;
  release: number;
  base: number | null;
  kind: string;
  state: string;
  wave: number;
  waves: number;
  /** The step before the first wave, as JSON. */
  once: string | null;
  /** Hosts by wave and state, as JSON: what its steps add up to. */
  counts: string;
  problem: string | null;
  cause: string;
  placement: string;
  aborts: number;
  by_hand: number;
  /** Services that it restarts, as JSON; null = it is no restart. */
  restarts: string | null;
  created_at: number;
  started_at: number | null;
  settled_at: number | null;
  deadline_at: number | null;
  ended_at: number | null;
  owner: string | null;
  fence: number;
  lease_until: number;
}

export type TableName = keyof Tables;

const NAMES = {
  meta: true,
  counters: true,
  hosts: true,
  sessions: true,
  apps: true,
  releases: true,
  deployments: true,
  targets: true,
  attempts: true,
  steps: true,
  quarantine: true,
  secrets: true,
  secret_versions: true,
  registries: true,
  api_tokens: true,
  enroll_tokens: true,
  requests: true,
  events: true,
  event_shares: true,
  event_gaps: true,
} as const satisfies Readonly<Record<TableName, true>>;

/** All of them; none refers to one that comes after it. */
export const TABLES = Object.keys(NAMES) as readonly TableName[];
