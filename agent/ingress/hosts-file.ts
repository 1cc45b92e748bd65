/**
 * The container's /etc/hosts: the host's own lines and, under names that no DNS knows, the addresses last published.
 * It is the fallback for the time the agent is away, and holds what fixed slot addresses cannot: which of the two
 * slots serves. Repetitions keep the weights. Pure.
 */
import type { AnswerTable } from './answer-table.ts';
import { SINKHOLE } from './answer-table.ts';
import { FALLBACK_ZONE } from './dns-answer.ts';

const MARK = '# longshore: addresses last published';

/** @param ownLines the host's /etc/hosts */
export function hostsFile(ownLines: string, table: AnswerTable): string {
  const published = [...table.answers].flatMap(([label, addresses]) =>
    addresses.filter((address) => address !== SINKHOLE).map((address) => `${address} ${label}.${FALLBACK_ZONE}`),
  );
  return `${ownLines.trimEnd()}\n${MARK}\n${published.map((line) => `${line}\n`).join('')}`;
}
