/** Every list of the API is paged alike: `?limit=` (1 to 500, default 100) and `?cursor=` (opaque, from `next`). */
import { z } from 'zod';

export const pageQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(256).optional(),
});

export interface Page<T> {
  readonly items: readonly T[];
  /** Give it as `cursor` for what follows; null = this was the last page. */
  readonly next: string | null;
}

/** @param id its name in the OpenAPI document */
export function pageSchema<T>(id: string, item: z.ZodType<T>): z.ZodType<Page<T>> {
  return z.object({ items: z.array(item), next: z.string().nullable() }).meta({ id });
}
