/**
 * Names and labels of hosts: what they may be, wherever they come from (an enrolling machine, a hello, an operator, a
 * token, a configuration, `fleet.yaml`). They stand in lists, events and terminals, and labels decide which apps a host
 * gets. Pure.
 */
import { isHostId } from './ids.ts';

export const LABEL_LIMITS = {
  /** Of one host. */
  count: 64,
  /** UTF-16 code units. */
  value: 255,
  /** Keys and values of one host together. */
  all: 8 * 1024,
} as const;

const HOST_NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/;
const LABEL_KEY = /^[a-zA-Z0-9][a-zA-Z0-9._/-]{0,62}$/;
/** Control and format characters, line separators, halves of surrogate pairs. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

export const HOST_NAME_RULE = 'must be letters, digits, `.`, `-`, `_`, at most 63, and no host id';
export const LABEL_KEY_RULE = 'is not a label name: letters, digits, `.`, `_`, `/`, `-`, at most 63';
export const LABEL_VALUE_RULE = `must be at most ${LABEL_LIMITS.value} characters, none of them a control character`;
export const LABELS_RULE = `are more than ${LABEL_LIMITS.count}, or longer than ${LABEL_LIMITS.all / 1024} KiB together`;

/** A name in the form of an id would answer for another host: most calls take either. */
export const isHostName = (text: string): boolean => HOST_NAME.test(text) && !isHostId(text);
export const isLabelKey = (text: string): boolean => LABEL_KEY.test(text);
export const isLabelValue = (text: string): boolean => text.length <= LABEL_LIMITS.value && !UNSEEN.test(text);

/** @param labels null hides a label that somebody else says */
export function areLabelsFew(labels: Readonly<Record<string, string | null>>): boolean {
  const entries = Object.entries(labels);
  const length = entries.reduce((sum, [key, value]) => sum + key.length + (value?.length ?? 0), 0);
  return entries.length <= LABEL_LIMITS.count && length <= LABEL_LIMITS.all;
}

/** What of a record are labels: the rest of what a machine says is left out. */
export function onlyLabels(said: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (const [key, value] of Object.entries(said)) {
    if (!isLabelKey(key) || typeof value !== 'string' || !isLabelValue(value)) continue;
    const more = { ...labels, [key]: value };
    if (!areLabelsFew(more)) break;
    labels[key] = value;
  }
  return labels;
}
