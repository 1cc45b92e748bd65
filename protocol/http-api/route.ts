/** One row of the API: what it takes, who may call it, what it answers. */
import { z } from 'zod';
import type { Role } from './words.ts';

export type Access = 'public' | Role;

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  /** It creates something: with an `Idempotency-Key` it may be sent again. */
  readonly creates?: true;
  readonly query: z.ZodType | null;
  readonly body: z.ZodType | null;
  readonly reply: z.ZodType | null;
}

export const okReply = z.object({ ok: z.literal(true) }).meta({ id: 'Done' });
/**
 * Something new whose token is shown only now.
 * @param id its name in the OpenAPI document
 */
export const madeReply = <T extends z.ZodType>(id: string, view: T) =>
  z.object({ view, token: z.string() }).meta({ id });
