/**
 * Every message between agent and coordinator, one JSON object a text frame, told apart by `kind`.
 *
 *   agent                         coordinator
 *     | <------- challenge --------- |   nonce, audience
 *     | -------- hello ------------> |   key, signature over helloProof(), versions, newest order
 *     | <------- welcome ----------- |   or `refused` and close
 *     | <------- secrets, assignment |   secrets first: an assignment never waits for what it needs
 *     | -------- assignment-ack ---> |   only after it is on the disk
 *     | -------- report -----------> |   differences; a full one after each welcome
 *
 * Heartbeats go both ways; any frame counts as one.
 */
import { z } from 'zod';
import { onlyLabels } from '../fleet/host-labels.ts';
import { LIST_LIMITS, TEXT_LIMITS } from '../fleet/limits.ts';
import { listSchema, textSchema } from './bounded-schema.ts';
import { appReportSchema, assignmentSchema, hostMetricsSchema, hostProblemSchema } from './assignment-schema.ts';
import {
  appNameSchema,
  countSchema,
  digestSchema,
  durationSchema,
  hostIdSchema,
  problemSchema,
  timeSchema,
} from './scalars.ts';

const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/, 'is not base64');
const orderShape = { epoch: countSchema, generation: countSchema };
const streamId = z.string().min(1).max(64);

/** What the signature of `hello` covers, as UTF-8. One purpose, one audience, one nonce: it serves nowhere else. */
export function helloProof(parts: {
  readonly audience: string;
  readonly nonce: string;
  readonly host: string;
  readonly process: string;
}): string {
  return ['longshore-hello-v1', parts.audience, parts.nonce, parts.host, parts.process].join('\n');
}

export const heldSecretsSchema = z.record(z.string(), z.array(countSchema));

const pathSchema = z.string().max(TEXT_LIMITS.path);

/** What the operator of the host allows. */
const hostPolicySchema = z.object({
  privileged: z.boolean(),
  hostNetwork: z.boolean(),
  dockerSocket: z.boolean(),
  guarded: z.object({ dockerSocket: pathSchema, dataDir: pathSchema, engineRoot: pathSchema }),
});

const versionRange = z.object({ min: countSchema, max: countSchema });

const logTarget = z.object({ app: appNameSchema, service: z.string().nullable(), instance: z.string().nullable() });

export const agentMessageSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('hello'),
    host: hostIdSchema,
    /** Ed25519 signature of helloProof(), base64. */
    signature: base64,
    /** Random per process: tells a reconnect from a second agent with the same identity. */
    process: z.string().min(8).max(64),
    protocol: versionRange,
    capabilities: listSchema(z.string(), LIST_LIMITS.capabilities),
    agentVersion: textSchema(TEXT_LIMITS.version),
    platform: textSchema(TEXT_LIMITS.version),
    engineVersion: textSchema(TEXT_LIMITS.version),
    /** Newest assignment on the disk; zeros where there is none. */
    order: z.object({ ...orderShape, hash: z.string().max(80) }),
    /** Secret versions the agent holds: `app/secret` -> version. */
    secrets: z.record(z.string(), countSchema),
    /** Registries whose stored credential the agent holds: one that was removed while it was away is taken back. */
    registries: listSchema(textSchema(TEXT_LIMITS.registry), LIST_LIMITS.registries).default([]),
    /** What is no label is left out: a host is not refused for what selects nothing. */
    labels: z.record(z.string(), z.unknown()).transform((said): Record<string, string> => ({ ...onlyLabels(said) })),
    /** Where this host's ingress answers, for people; null without one. */
    ingress: z.object({ http: z.number().int().nullable(), https: z.number().int().nullable() }).nullable(),
    /** Which boot of the machine this is: a drain because of a power-off ends with another one. */
    boot: z.string().min(1).max(128).optional(),
    /** For plans. Absent from older agents; one that cannot be read is no reason to refuse the host. */
    policy: hostPolicySchema.optional().catch(undefined),
  }),
  z.object({ kind: z.literal('heartbeat') }),
  z.object({ kind: z.literal('assignment-ack'), ...orderShape, hash: z.string() }),
  z.object({ kind: z.literal('assignment-refused'), ...orderShape, problem: problemSchema }),
  z.object({
    kind: z.literal('report'),
    /** 1, 2, 3 ... within a session. */
    seq: countSchema,
    /** True: `apps` is all there is. False: only the changed ones; null = the app is gone. */
    full: z.boolean(),
    apps: z.record(z.string(), appReportSchema.nullable()),
    /** Apps whose report was left out because it could not be put into this form: what was known of them stands. */
    unreadable: z.array(z.string()).optional(),
    /** All secrets that the agent holds, `app/secret` -> versions, where that changed; what is not here was dropped. */
    secrets: heldSecretsSchema.optional(),
    metrics: hostMetricsSchema.nullable(),
    /** One honest line, the same as systemd's STATUS. */
    status: textSchema(TEXT_LIMITS.status).nullable(),
    /** All that is wrong with the host itself; absent = as before. Agents of before know none. */
    problems: listSchema(hostProblemSchema, LIST_LIMITS.hostProblems).optional(),
  }),
  /** The machine powers off: what can be moved goes elsewhere. Answered with `power-off-noted`. */
  z.object({ kind: z.literal('power-off') }),
  /** Something people should read in the event log: a local rollback, a prune, a restart loop, damage found. */
  z.object({
    kind: z.literal('event'),
    at: timeSchema,
    event: textSchema(TEXT_LIMITS.eventKind),
    app: appNameSchema.nullable(),
    text: textSchema(TEXT_LIMITS.eventText),
  }),
  /** The cron tick of a connected agent is a question. */
  z.object({ kind: z.literal('due'), app: appNameSchema, scheduledAt: timeSchema }),
  z.object({
    kind: z.literal('resolved'),
    request: z.string(),
    digest: digestSchema.nullable(),
    problem: problemSchema.nullable(),
  }),
  /** Log or exec output. `fd` 1 or 2; `source` names the instance that a log comes from. */
  z.object({
    kind: z.literal('stream-data'),
    stream: streamId,
    fd: z.number().int().min(0).max(2),
    data: base64,
    source: z.object({ service: z.string(), instance: z.string() }).optional(),
  }),
  z.object({ kind: z.literal('stream-credit'), stream: streamId, bytes: countSchema }),
  z.object({
    kind: z.literal('stream-end'),
    stream: streamId,
    exitCode: z.number().int().nullable(),
    problem: problemSchema.nullable(),
  }),
  z.object({ kind: z.literal('unsupported'), of: z.string().max(64) }),
]);

export const coordinatorMessageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('challenge'), nonce: z.string().min(16), audience: z.string(), protocol: versionRange }),
  z.object({
    kind: z.literal('welcome'),
    protocol: countSchema,
    session: z.string(),
    heartbeatMs: durationSchema,
    coordinatorVersion: z.string(),
    /** Name under which people know this host. */
    name: z.string(),
  }),
  /** The connection ends after it. `retryAfterMs` null = the agent's own back-off. */
  z.object({ kind: z.literal('refused'), problem: problemSchema, retryAfterMs: durationSchema.nullable() }),
  z.object({ kind: z.literal('heartbeat') }),
  z.object({ kind: z.literal('assignment'), assignment: assignmentSchema, hash: z.string() }),
  z.object({
    kind: z.literal('secrets'),
    items: z.array(
      z.object({
        app: appNameSchema,
        secret: z.string(),
        version: countSchema,
        /** X25519 + HKDF-SHA256 + AES-256-GCM to the host's sealing key: ephemeral key (32) | nonce (12) | ciphertext | tag (16), base64. */
        sealed: base64,
      }),
    ),
  }),
  /** Registry credentials the operator stored, for one registry host, sealed alike; `sealed` null = forget it. */
  z.object({ kind: z.literal('registry-credential'), registry: z.string(), sealed: base64.nullable() }),
  /** It is in the store that the machine powers off. */
  z.object({ kind: z.literal('power-off-noted') }),
  /** The coordinator cannot reach the registry: one host resolves for it. */
  z.object({ kind: z.literal('resolve'), request: z.string(), reference: z.string() }),
  z.object({
    kind: z.literal('stream-open'),
    stream: streamId,
    what: z.literal('logs'),
    target: logTarget,
    follow: z.boolean(),
    tail: countSchema.nullable(),
    sinceMs: timeSchema.nullable(),
  }),
  z.object({
    kind: z.literal('exec-open'),
    stream: streamId,
    target: logTarget,
    command: z.array(z.string()).min(1),
    tty: z.boolean(),
    size: z.object({ columns: countSchema, rows: countSchema }).nullable(),
  }),
  z.object({ kind: z.literal('stream-data'), stream: streamId, fd: z.literal(0), data: base64 }),
  z.object({ kind: z.literal('stream-resize'), stream: streamId, columns: countSchema, rows: countSchema }),
  z.object({ kind: z.literal('stream-credit'), stream: streamId, bytes: countSchema }),
  /** Nobody reads any more (logs), or end of input (exec); a second one ends an exec at once. */
  z.object({ kind: z.literal('stream-close'), stream: streamId }),
  z.object({ kind: z.literal('unsupported'), of: z.string().max(64) }),
]);

export type AgentMessage = z.infer<typeof agentMessageSchema>;
export type CoordinatorMessage = z.infer<typeof coordinatorMessageSchema>;
export type AgentMessageOf<K extends AgentMessage['kind']> = Extract<AgentMessage, { kind: K }>;
export type CoordinatorMessageOf<K extends CoordinatorMessage['kind']> = Extract<CoordinatorMessage, { kind: K }>;

/** Close codes of the agent's socket. */
export const CLOSE = {
  /** The coordinator stops or restarts: come back with the usual back-off. */
  goingAway: 1001,
  /** Refused at hello; the `refused` frame said why. */
  refused: 4401,
  /** A newer connection of the same process took its place. */
  replaced: 4409,
  /** The host was removed: wait an hour. */
  removed: 4410,
  tooLarge: 4413,
  invalidFrame: 4400,
} as const;
