/** `deploy.placement.constraints`: `node.labels.disk == ssd`, `node.hostname != a`, and our own `pool`, `arch`. */
import type { PlacementConstraint } from '../../fleet/app-spec.ts';
import { type Cursor, fail, items, readFilledText } from './read.ts';
import { notDone } from './key-table.ts';

const ATTRIBUTES: Readonly<Record<string, string>> = {
  'node.hostname': 'name',
  name: 'name',
  'node.platform.arch': 'arch',
  arch: 'arch',
  pool: 'pool',
};

export function readConstraints(cursor: Cursor): readonly PlacementConstraint[] {
  return items(cursor).flatMap((item) => readConstraint(item) ?? []);
}

function readConstraint(item: Cursor): PlacementConstraint | null {
  const text = readFilledText(item);
  if (text === null) return null;
  const operator = /==|!=/.exec(text)?.[0];
  const at = operator === undefined ? -1 : text.indexOf(operator);
  const left = text.slice(0, at).trim();
  const value = text.slice(at + 2).trim();
  if ((operator !== '==' && operator !== '!=') || !/^\S+$/.test(left) || value === '')
    return fail(item, `takes ATTRIBUTE == VALUE or ATTRIBUTE != VALUE; this is "${text}"`);
  const attribute = attributeOf(left);
  if (attribute === null)
    return fail(item, notDone(`a constraint on ${left}`, 'node.labels.NAME, node.hostname, pool and arch are'));
  return { attribute, operator, value: attribute === 'arch' ? architecture(value) : value };
}

function attributeOf(text: string): string | null {
  const label = /^(?:node\.)?labels\.(\S+)$/.exec(text)?.[1];
  return label === undefined ? (ATTRIBUTES[text] ?? null) : `labels.${label}`;
}

/** Docker says x86_64 here and amd64 in images. */
function architecture(value: string): string {
  if (value === 'x86_64') return 'amd64';
  return value === 'aarch64' ? 'arm64' : value;
}
