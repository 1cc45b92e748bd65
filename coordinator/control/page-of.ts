/** Pages of the API out of slices of the store. */
import type { Page } from '../../protocol/http-api/page.ts';
import type { PageQuery } from '../../protocol/http-api/requests.ts';
import type { Paging, Slice } from '../store/store.ts';

export function pagingOf(query: PageQuery): Paging {
  return { limit: query.limit, after: query.cursor ?? null };
}

export function pageOf<T, V>(slice: Slice<T>, toView: (item: T) => V): Page<V> {
  return { items: slice.items.map(toView), next: slice.next };
}
