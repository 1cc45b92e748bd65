/** The rules of `promtool check metrics`, over Prometheus text: names, units, help and types as Prometheus wants them. */

const ABBREVIATED = new Set(['s', 'ms', 'us', 'ns', 'sec', 'b', 'kb', 'mb', 'gb', 'tb', 'pb', 'm', 'h', 'd']);
const NO_BASE_UNITS = new Set([
  ...['milliseconds', 'microseconds', 'nanoseconds', 'minutes', 'hours', 'days', 'weeks', 'bits', 'percent'],
  ...['kilobytes', 'megabytes', 'gigabytes', 'kibibytes', 'mebibytes', 'gibibytes', 'fahrenheit', 'kelvin'],
]);
const TYPES = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped']);

/** @returns what is wrong, one line each */
export function lintPrometheus(text: string): readonly string[] {
  const found: string[] = [];
  const helps = new Map([...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name = '', help = '']) => [name, help]));
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({ name, type }));
  for (const { name, type } of types) {
    const wrong = (rule: string): void => void found.push(`${name}: ${rule}`);
    const words = name.split('_');
    if ((helps.get(name) ?? '') === '') wrong('no help text');
    if ((type === 'counter') !== name.endsWith('_total'))
      wrong(type === 'counter' ? 'counters end with _total' : 'only counters end with _total');
    if (type !== 'histogram' && type !== 'summary' && /_(bucket|count|sum)$/.test(name))
      wrong('a suffix of histograms');
    if (words.some((word) => TYPES.has(word))) wrong('the type stands in the name');
    if (words.some((word) => ABBREVIATED.has(word))) wrong('an abbreviated unit');
    if (words.some((word) => NO_BASE_UNITS.has(word))) wrong('no base unit');
    if (!/^[a-z][a-z0-9_]*$/.test(name)) wrong('not in snake_case');
  }
  const names = types.map(({ name }) => name);
  for (const name of names) if (names.indexOf(name) !== names.lastIndexOf(name)) found.push(`${name}: more than once`);
  for (const [, label = ''] of text.matchAll(/[{,]([A-Za-z_][A-Za-z0-9_]*)="/g))
    if (!/^[a-z][a-z0-9_]*$/.test(label)) found.push(`label ${label}: not in snake_case`);
  return found;
}
