/**
 * The command console at `/v1/console`: the verbs of the command line as text lines or as structured calls, answered
 * by a stream of frames until `done`. Many calls may be under way on one socket, told apart by `id` (the client's
 * choice). The token travels in the `Authorization` header or, from a browser, in the first frame `login`.
 */
import { z } from 'zod';
import { eventViewSchema, deploymentViewSchema, hostViewSchema } from './http-api/views.ts';
import { countSchema, problemSchema, appNameSchema, timeSchema } from './scalars.ts';

const callId = z.string().min(1).max(64);
/** Of a terminal, in characters. */
const sizeSchema = z.number().int().min(0).max(65_535);
const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/, 'is not base64');

export const consoleRequestSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('login'), token: z.string().max(256) }),
  /** A line as typed: `rollback wordcount 3`. */
  z.strictObject({ kind: z.literal('line'), id: callId, text: z.string().max(8_192) }),
  /** What could follow this text. */
  z.strictObject({ kind: z.literal('complete'), id: callId, text: z.string().max(8_192) }),
  /** Everything that changes, until cancelled: first the state now, then changes. */
  z.strictObject({
    kind: z.literal('watch'),
    id: callId,
    app: appNameSchema.nullable(),
    deployment: z.string().nullable(),
  }),
  z.strictObject({
    kind: z.literal('logs'),
    id: callId,
    app: appNameSchema,
    service: z.string().nullable(),
    host: z.string().nullable(),
    follow: z.boolean(),
    tail: countSchema.nullable(),
    sinceMs: timeSchema.nullable(),
  }),
  z.strictObject({
    kind: z.literal('exec'),
    id: callId,
    app: appNameSchema,
    service: z.string(),
    host: z.string().nullable(),
    command: z.array(z.string()).min(1),
    tty: z.boolean(),
    size: z.strictObject({ columns: sizeSchema, rows: sizeSchema }).nullable(),
  }),
  z.strictObject({ kind: z.literal('input'), id: callId, data: base64 }),
  z.strictObject({ kind: z.literal('input-end'), id: callId }),
  z.strictObject({ kind: z.literal('resize'), id: callId, columns: sizeSchema, rows: sizeSchema }),
  /** The client has taken so many bytes of `chunk`s: backpressure. */
  z.strictObject({ kind: z.literal('credit'), id: callId, bytes: countSchema }),
  z.strictObject({ kind: z.literal('cancel'), id: callId }),
]);

export const consoleFrameSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('welcome'), version: z.string(), role: z.string(), name: z.string() }),
  /** Text for people, one line or several. */
  z.object({ kind: z.literal('text'), id: callId, text: z.string() }),
  z.object({ kind: z.literal('completions'), id: callId, items: z.array(z.string()) }),
  z.object({ kind: z.literal('host'), id: callId, host: hostViewSchema }),
  z.object({ kind: z.literal('host-gone'), id: callId, host: z.string() }),
  z.object({ kind: z.literal('deployment'), id: callId, deployment: deploymentViewSchema }),
  z.object({ kind: z.literal('event'), id: callId, event: eventViewSchema }),
  /** First frame of a `watch`: every event with a higher number than the newest one now comes, or is counted here. */
  z.object({ kind: z.literal('watching'), id: callId }),
  /** So many events were not sent because this reader was too slow: list those above the last one that came. */
  z.object({ kind: z.literal('left-out'), id: callId, events: countSchema }),
  /** Log or exec output. `source` names host and instance; null for exec. */
  z.object({
    kind: z.literal('chunk'),
    id: callId,
    source: z.object({ host: z.string(), service: z.string(), instance: z.string() }).nullable(),
    fd: z.number().int().min(0).max(2),
    data: base64,
  }),
  /** The command of an exec has taken so many bytes of `input`: at most STREAM_WINDOW_BYTES may be under way. */
  z.object({ kind: z.literal('credit'), id: callId, bytes: countSchema }),
  z.object({ kind: z.literal('done'), id: callId, exit: z.number().int(), problem: problemSchema.nullable() }),
  /** The socket ends after it: not logged in, or a frame that is none. */
  z.object({ kind: z.literal('refused'), problem: problemSchema }),
]);

export type ConsoleRequest = z.infer<typeof consoleRequestSchema>;
export type ConsoleFrame = z.infer<typeof consoleFrameSchema>;
