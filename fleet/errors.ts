/**
 * The one table of errors. A code is stable and may be matched by scripts; the message of an occurrence says the
 * operation and its object; the hint says what to do. `docs/errors.md` is held to this table by a test.
 * `exit` is the exit code of the command line when a command ends with it.
 */
import { boundedProblem, type ProblemDetail } from './bounded-problem.ts';
import { boundedText } from './bounded-text.ts';
import { TEXT_LIMITS } from './limits.ts';

export type { ProblemDetail } from './bounded-problem.ts';

export interface ErrorRow {
  readonly meaning: string;
  readonly hint: string;
  /** True where the same call may work later without anybody changing anything. */
  readonly retryable: boolean;
  readonly exit: 1 | 2 | 3 | 4 | 5 | 6;
}

export const ERRORS = {
  // input
  INPUT_INVALID: {
    meaning: 'Something given to a command or the API does not have the right form.',
    hint: 'Correct the named fields.',
    retryable: false,
    exit: 2,
  },
  CONFIG_INVALID: {
    meaning: 'The configuration of the agent or the coordinator has mistakes; all are listed.',
    hint: 'Correct the named settings and start again.',
    retryable: false,
    exit: 2,
  },
  APP_FILE_INVALID: {
    meaning: 'The app file (compose.yaml) has mistakes; all are listed with path, line and column.',
    hint: 'Correct the named lines; `longshore plan` checks without changing anything.',
    retryable: false,
    exit: 2,
  },
  FLEET_YAML_INVALID: {
    meaning: 'The fleet file (fleet.yaml) has mistakes; all are listed with path, line and column.',
    hint: 'Correct the named lines; `bash plan.sh` checks without changing anything.',
    retryable: false,
    exit: 2,
  },
  INFRA_UNREADY: {
    meaning: 'A tool, variable or file that the infrastructure commands need is missing or not right; all are listed.',
    hint: 'Fix what is named and run the command again; nothing was changed.',
    retryable: false,
    exit: 2,
  },
  STATE_ELSEWHERE: {
    meaning: "Terraform's state lies somewhere else than the fleet file says, or nowhere.",
    hint: 'Run the printed command, which moves it, or put the old place back into fleet.yaml.',
    retryable: false,
    exit: 2,
  },
  TERRAFORM_FAILED: {
    meaning: 'Terraform ended with an error of its own.',
    hint: 'Fix what its message above says and run the command again.',
    retryable: true,
    exit: 1,
  },
  PLAN_STALE: {
    meaning: 'A saved plan no longer matches the world.',
    hint: 'Make a new plan, look at it, and deploy that.',
    retryable: false,
    exit: 2,
  },
  NOT_FOUND: {
    meaning: 'There is no such object.',
    hint: 'List what exists, and check the name.',
    retryable: false,
    exit: 2,
  },
  CONFLICT: {
    meaning: 'The object is in a state that does not allow this.',
    hint: 'Look at its state with `longshore status`.',
    retryable: false,
    exit: 1,
  },
  REQUEST_DIFFERS: {
    meaning: 'The `Idempotency-Key` of a request was sent before with another request.',
    hint: 'Make a new key for each thing to create; send the same one only to repeat the same request.',
    retryable: false,
    exit: 1,
  },
  // reach and permission
  UNREACHABLE: {
    meaning: 'The coordinator cannot be reached.',
    hint: 'Check the URL, the network and that the coordinator runs.',
    retryable: true,
    exit: 5,
  },
  UNAUTHENTICATED: {
    meaning: 'No valid token was given.',
    hint: 'Run `longshore login` or set LONGSHORE_TOKEN_FILE.',
    retryable: false,
    exit: 6,
  },
  FORBIDDEN: {
    meaning: 'The token does not have the role that this needs.',
    hint: 'Ask an admin for a token of the named role.',
    retryable: false,
    exit: 6,
  },
  TOO_LARGE: {
    meaning: 'A body or frame is larger than allowed.',
    hint: 'Send less at once.',
    retryable: false,
    exit: 2,
  },
  RATE_LIMITED: {
    meaning: 'Too many calls in a short time.',
    hint: 'Wait as long as Retry-After says.',
    retryable: true,
    exit: 1,
  },
  TIMEOUT: {
    meaning: 'Something did not end within its deadline.',
    hint: 'Look at its state; it may still be under way.',
    retryable: true,
    exit: 1,
  },
  INTERNAL: {
    meaning: 'A fault of Longshore itself.',
    hint: 'Look at the log of the coordinator at the named time; report it.',
    retryable: true,
    exit: 1,
  },
  SHUTTING_DOWN: { meaning: 'The coordinator is stopping.', hint: 'Call again in a moment.', retryable: true, exit: 5 },
  STORE_UNAVAILABLE: {
    meaning: "The coordinator's database does not answer or cannot be written.",
    hint: 'The coordinator tries again by itself; if it stays, look at the PostgreSQL server and the way to it, or at what has locked coordinator.db.',
    retryable: true,
    exit: 5,
  },
  STANDBY: {
    meaning: 'This coordinator is a standby: another one has the database.',
    hint: 'Ask the other coordinator, or name both addresses, separated by a comma.',
    retryable: true,
    exit: 5,
  },
  // enrolment and session
  TOKEN_INVALID: {
    meaning: 'An enrolment token is unknown or not well-formed.',
    hint: 'Make a new one with `longshore enroll-token`.',
    retryable: false,
    exit: 6,
  },
  TOKEN_EXPIRED: {
    meaning: 'An enrolment token is past its time.',
    hint: 'Make a new one with `longshore enroll-token`.',
    retryable: false,
    exit: 6,
  },
  TOKEN_USED: {
    meaning: 'A one-time enrolment token was used before.',
    hint: 'Make a new one. If none of you used it, remove the host that it enrolled.',
    retryable: false,
    exit: 6,
  },
  TOKEN_REVOKED: { meaning: 'A token was revoked.', hint: 'Make a new one.', retryable: false, exit: 6 },
  IDENTITY_REFUSED: {
    meaning: "A machine's identity token does not enrol it here.",
    hint: 'The message names what does not hold; its service account must be that of a pool in fleet.yaml.',
    retryable: false,
    exit: 6,
  },
  CHALLENGE_EXPIRED: {
    meaning: 'The nonce of an enrolment is too old, was used, or is not of this coordinator.',
    hint: 'The agent asks for a new one by itself.',
    retryable: true,
    exit: 1,
  },
  INSTANCE_KNOWN: {
    meaning: 'This instance enrolled before, with another key.',
    hint: 'If its disk was made anew, run `longshore hosts adopt HOST --key FINGERPRINT`: it then connects by itself within some minutes.',
    retryable: false,
    exit: 6,
  },
  FORMER_HOST: {
    meaning: 'The machine holds containers or volumes of a host, and it is not settled whether it is that host.',
    hint: 'Run `longshore hosts adopt HOST --key FINGERPRINT` to let it be that host again; docs/operations.md has the other ways.',
    retryable: false,
    exit: 6,
  },
  IDENTITY_UNKNOWN: {
    meaning: 'The coordinator does not know this host key.',
    hint: 'Make a token with `longshore enroll-token` and run `longshore-agent re-enrol --enroll-token-file FILE` on the host.',
    retryable: false,
    exit: 6,
  },
  IDENTITY_IN_USE: {
    meaning: 'Two agents connect with one identity.',
    hint: 'A disk was cloned: remove the identity file of the copy and enrol it as a host of its own.',
    retryable: false,
    exit: 1,
  },
  HOST_REMOVED: {
    meaning: 'An operator removed this host.',
    hint: 'To bring it back, run `longshore-agent re-enrol --enroll-token-file FILE` on it with a new token.',
    retryable: false,
    exit: 1,
  },
  SIGNATURE_INVALID: {
    meaning: 'A host did not prove its key.',
    hint: 'Check that the identity file belongs to this host.',
    retryable: false,
    exit: 6,
  },
  AUDIENCE_MISMATCH: {
    meaning: 'The coordinator goes by another address than the one that the agent dialled.',
    hint: 'Give the coordinator the address that its agents use, or the agents the one that the coordinator names.',
    retryable: false,
    exit: 5,
  },
  PROTOCOL_VERSION: {
    meaning: 'Agent and coordinator have no protocol version in common.',
    hint: 'Update the older of the two.',
    retryable: false,
    exit: 1,
  },
  FRAME_INVALID: {
    meaning: 'A frame was not JSON, or malformed.',
    hint: 'Bring agent and coordinator to the same version; if it stays, report it.',
    retryable: false,
    exit: 1,
  },
  CAPABILITY_MISSING: {
    meaning: 'An assignment needs something that this agent cannot do.',
    hint: 'Update the agent, or leave the named feature out.',
    retryable: false,
    exit: 1,
  },
  GENERATION_CONFLICT: {
    meaning: "A host holds an assignment that the coordinator's data does not know.",
    hint: 'The data was restored from an older copy: look at `longshore doctor`, then `longshore doctor --confirm-restore`.',
    retryable: false,
    exit: 1,
  },
  HOST_OFFLINE: {
    meaning: 'The host is not connected.',
    hint: 'See `longshore explain HOST`.',
    retryable: true,
    exit: 1,
  },
  // Google Cloud
  GOOGLE_UNAVAILABLE: {
    meaning: "A service of Google Cloud, or the machine's metadata server, did not answer as it should.",
    hint: 'Check the network of the machine and its Private Google Access; agent and coordinator try again by themselves.',
    retryable: true,
    exit: 5,
  },
  GOOGLE_DENIED: {
    meaning: "Google Cloud refused a call of the machine's service account.",
    hint: 'Apply the plan again: it gives the roles; the message names the call.',
    retryable: false,
    exit: 6,
  },
  FLEET_FILE_INVALID: {
    meaning: 'fleet.json in the bucket is damaged or of another version.',
    hint: 'Apply the plan again, which writes it; the last good one goes on counting.',
    retryable: false,
    exit: 1,
  },
  // images and registries
  IMAGE_NOT_FOUND: {
    meaning: 'The registry has no such image.',
    hint: 'Push it first, or correct the reference.',
    retryable: false,
    exit: 2,
  },
  IMAGE_NOT_PUSHED: {
    meaning: 'The image has no registry digest.',
    hint: 'Push it to a registry first; a release pins digests.',
    retryable: false,
    exit: 2,
  },
  IMAGE_PLATFORM: {
    meaning: "The image has no variant for the host's platform.",
    hint: 'Build it for that platform too, or select other hosts.',
    retryable: false,
    exit: 2,
  },
  IMAGE_INVALID: {
    meaning: 'What the registry has under this reference is not an image that a container can be made of.',
    hint: 'Push a container image there or correct the reference: Helm charts, plugins and other artifacts do not run.',
    retryable: false,
    exit: 2,
  },
  REGISTRY_DENIED: {
    meaning: 'The registry refused the credentials, or none were given.',
    hint: 'Store a credential with `longshore secrets registry`.',
    retryable: false,
    exit: 1,
  },
  REGISTRY_UNAVAILABLE: {
    meaning: 'The registry did not answer or answered with a fault of its own.',
    hint: 'Check the registry and run the command again; an agent tries again by itself.',
    retryable: true,
    exit: 1,
  },
  REGISTRY_RATE_LIMITED: {
    meaning: 'The registry allows no more pulls for now.',
    hint: 'Wait as long as the registry says (an agent does by itself); a login usually allows more.',
    retryable: true,
    exit: 1,
  },
  IMAGE_QUARANTINED: {
    meaning: 'This digest failed its gate and is not pulled again by itself.',
    hint: 'Push a newer image, or release it with `longshore apps unquarantine APP` or `longshore deploy --release-quarantine`.',
    retryable: false,
    exit: 1,
  },
  BUILD_FAILED: {
    meaning: 'Building or pushing an image failed.',
    hint: 'See the output above.',
    retryable: false,
    exit: 1,
  },
  // the host
  ENGINE_UNAVAILABLE: {
    meaning: 'The Docker Engine does not answer.',
    hint: 'See `systemctl status docker` on the host; its agent tries again by itself.',
    retryable: true,
    exit: 1,
  },
  ENGINE_UNSUITABLE: {
    meaning: 'This Docker Engine cannot be used (not local, not Linux, or too old).',
    hint: 'Use Docker Engine 20.10 or newer on Linux; on Docker Desktop run the agent inside a container.',
    retryable: false,
    exit: 2,
  },
  ENGINE_REFUSED: {
    meaning: 'The Docker Engine refused a call.',
    hint: 'See the message; it names the setting.',
    retryable: false,
    exit: 1,
  },
  NO_SPACE: {
    meaning: 'There is not enough free disk: for an image on a host, or for the data of the coordinator.',
    hint: 'Free space on the host or make its disk larger.',
    retryable: false,
    exit: 1,
  },
  ADDRESS_IN_USE: {
    meaning: "A container that is not Longshore's holds the address of an instance on the app's network.",
    hint: 'The instance gets another address; remove the container from the network if no address is left.',
    retryable: true,
    exit: 1,
  },
  PORT_IN_USE: {
    meaning: 'A host port is taken by something else.',
    hint: 'Free the port, or choose another in the app file.',
    retryable: false,
    exit: 1,
  },
  INGRESS_UNAVAILABLE: {
    meaning: 'The proxy of the ingress does not run or does not answer.',
    hint: 'It is started again; its last output is in the message.',
    retryable: true,
    exit: 1,
  },
  INGRESS_REFUSED: {
    meaning: 'The proxy of the ingress refused its configuration.',
    hint: 'The message names the setting; the last good configuration goes on serving.',
    retryable: false,
    exit: 1,
  },
  STATE_FILE_INVALID: {
    meaning: 'A state file of the agent or the coordinator is damaged or of a newer version.',
    hint: 'The damaged file was set aside; see the message.',
    retryable: false,
    exit: 1,
  },
  SECRET_MISSING: {
    meaning: 'A secret that the app names does not exist.',
    hint: 'Set it with `longshore secrets set APP NAME`.',
    retryable: false,
    exit: 2,
  },
  SEAL_INVALID: {
    meaning: 'A sealed secret or credential does not open with the key of this host.',
    hint: 'Set it again; if it stays, enrol the host again.',
    retryable: false,
    exit: 1,
  },
  POLICY_REFUSED: {
    meaning: "The operator's policy does not allow this (privileged, host network, Docker socket).",
    hint: "Leave it out, or allow it in the agent's policy.",
    retryable: false,
    exit: 2,
  },
  // the gate
  CONTAINER_EXITED: {
    meaning: 'An instance ended by itself before it had passed its gate.',
    hint: 'See its last output in the message or with `longshore logs`.',
    retryable: false,
    exit: 1,
  },
  NEVER_HEALTHY: {
    meaning: 'An instance did not get healthy within healthy_deadline.',
    hint: "See the last probe's answer in the message; check port, path and start-up time.",
    retryable: false,
    exit: 1,
  },
  UNHEALTHY_IN_GATE: {
    meaning: 'An instance got healthy and then failed inside min_healthy_time.',
    hint: 'See its last output in the message.',
    retryable: false,
    exit: 1,
  },
  RESTART_LOOP: {
    meaning: 'An instance starts and ends again and again.',
    hint: 'See its last output with `longshore logs`.',
    retryable: false,
    exit: 1,
  },
  PROGRESS_DEADLINE: {
    meaning: 'An attempt made no progress within progress_deadline.',
    hint: 'The message names the last obstacle.',
    retryable: false,
    exit: 1,
  },
  DEPENDENCY_FAILED: {
    meaning: 'A service that this one depends on did not reach its condition.',
    hint: 'Fix the named service.',
    retryable: false,
    exit: 1,
  },
  // outcomes
  DEPLOYMENT_FAILED: {
    meaning: 'The deployment failed and there was no release to go back to, or going back failed.',
    hint: 'See `longshore status` for the hosts and reasons.',
    retryable: false,
    exit: 1,
  },
  DEPLOYMENT_ROLLED_BACK: {
    meaning: 'The deployment failed its gate and every moved host went back.',
    hint: 'Fix the reason and deploy again.',
    retryable: false,
    exit: 3,
  },
  DEPLOYMENT_INCOMPLETE: {
    meaning:
      'The deployment succeeded, and hosts that it has to reach are without it (`--require-all`, `require: all`).',
    hint: 'Hosts that are away take it when they connect; `longshore explain HOST` says why one does not.',
    retryable: true,
    exit: 1,
  },
  DEPLOYMENT_CANCELLED: {
    meaning: 'Somebody cancelled the deployment.',
    hint: 'See `longshore events`.',
    retryable: false,
    exit: 4,
  },
  DEPLOYMENT_SUPERSEDED: {
    meaning: 'A newer deployment of the app took its place.',
    hint: 'Follow the newer one.',
    retryable: false,
    exit: 4,
  },
  NO_HOSTS: {
    meaning: "No host matches the app's selector.",
    hint: 'Enrol hosts, label them, or widen `x-longshore.hosts`.',
    retryable: false,
    exit: 2,
  },
  VOLUME_MISSING: {
    meaning: 'A volume that the app had on this host, or an external one, is not there any more.',
    hint: 'Restore it under this name (`docker volume create NAME`, then the data); to start with an empty one: `longshore deploy --recreate-volume VOLUME`.',
    retryable: false,
    exit: 1,
  },
  VOLUME_CHANGED: {
    meaning: 'A volume exists with another driver or other driver options than the app file asks for.',
    hint: 'Put the old definition back, or give the volume a new `name`, which makes a new, empty one.',
    retryable: false,
    exit: 2,
  },
  UNPLACEABLE: {
    meaning: 'A service cannot be placed as asked.',
    hint: 'The message names the hosts and the reasons.',
    retryable: false,
    exit: 2,
  },
  ROUTE_TAKEN: {
    meaning: 'Another app on the same host has this host name and path.',
    hint: 'Use another host name or path, or set `shared: true` on the route in both apps, the running one first.',
    retryable: false,
    exit: 2,
  },
} as const satisfies Readonly<Record<string, ErrorRow>>;

export type ErrorCode = keyof typeof ERRORS;

/** An error as data: what crosses the wire, is stored, and is shown. */
export interface Problem {
  readonly code: ErrorCode;
  /** Operation and object: `pull 127.0.0.1:5000/web@sha256:... on host a: 503 from the registry`. */
  readonly message: string;
  readonly hint: string;
  /** Where several things are wrong at once. */
  readonly details: readonly ProblemDetail[];
}

export interface ProblemOptions {
  readonly hint?: string;
  readonly details?: readonly ProblemDetail[];
}

/** Its texts are made to fit: what another program answered may be of any length. */
export function problem(code: ErrorCode, message: string, options: ProblemOptions = {}): Problem {
  return boundedProblem({ code, message, hint: options.hint ?? ERRORS[code].hint, details: options.details ?? [] });
}

/** A Problem on its way up the stack. Thrown only for what the caller did not expect. */
export class LongshoreError extends Error {
  readonly problem: Problem;
  /** Milliseconds the other side asked us to wait (Retry-After); null = it did not say. */
  readonly retryAfterMs: number | null;

  constructor(
    code: ErrorCode,
    message: string,
    options: ProblemOptions & { readonly cause?: unknown; readonly retryAfterMs?: number } = {},
  ) {
    super(
      boundedText(message, TEXT_LIMITS.problemMessage),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = 'LongshoreError';
    this.problem = problem(code, message, options);
    this.retryAfterMs = options.retryAfterMs ?? null;
  }

  get code(): ErrorCode {
    return this.problem.code;
  }

  get retryable(): boolean {
    return ERRORS[this.problem.code].retryable;
  }
}
