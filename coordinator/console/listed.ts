/** Lists on the console: every page up to a bound that still can be read, and past it where the whole list is. */
import type { Page } from '../../protocol/http-api/page.ts';
import type { PageQuery } from '../../protocol/http-api/requests.ts';

const PAGE = 500;
const MOST = 1_000;

interface Listed<T> {
  readonly items: readonly T[];
  readonly isCut: boolean;
}

/** @param most at least one page of it is read */
export async function readPages<T>(
  page: (query: PageQuery) => Promise<Page<T>>,
  most: number = MOST,
): Promise<Listed<T>> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const limit = Math.min(PAGE, most - items.length);
    const answer: Page<T> = await page({ limit, ...(cursor === null ? {} : { cursor }) });
    items.push(...answer.items);
    cursor = answer.next;
  } while (cursor !== null && items.length < most);
  return { items, isCut: cursor !== null };
}

/** @param where the whole list: a command */
export async function listed<T>(
  page: (query: PageQuery) => Promise<Page<T>>,
  render: (items: readonly T[]) => string,
  where: string,
  most: number = MOST,
): Promise<string> {
  const { items, isCut } = await readPages(page, most);
  return isCut ? `${render(items)}\nThe first ${items.length}; more with \`${where}\`.` : render(items);
}
