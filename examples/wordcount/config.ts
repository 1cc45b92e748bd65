// Settings from the environment, all optional; every mistake is named at once.

export interface WordcountConfig {
  readonly port: number;
  readonly version: string;
  readonly maxBytes: number;
  /** Different words that are told apart exactly; beyond that single counts are approximate. */
  readonly distinctWords: number;
  readonly frequentWords: number;
  /** For trying out health gates: /healthz answers 503 for ever. */
  readonly unhealthy: boolean;
}

export function parseWordcountConfig(env: Readonly<Record<string, string | undefined>>): WordcountConfig {
  const problems: string[] = [];
  const whole = (name: string, preset: number, from: number, to: number): number => {
    const text = env[name];
    if (text === undefined || text === '') return preset;
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= from && value <= to) return value;
    problems.push(`${name} must be a whole number from ${from} to ${to}, and is "${text}"`);
    return preset;
  };
  const config: WordcountConfig = {
    port: whole('PORT', 8080, 0, 65_535),
    version: env.WORDCOUNT_VERSION ?? '1',
    maxBytes: whole('WORDCOUNT_MAX_BYTES', 2 * 1024 ** 3, 1, Number.MAX_SAFE_INTEGER),
    distinctWords: whole('WORDCOUNT_DISTINCT_WORDS', 20_000, 10, 1_000_000),
    frequentWords: whole('WORDCOUNT_FREQUENT_WORDS', 20, 1, 1_000),
    unhealthy: !['', '0', 'false'].includes(env.WORDCOUNT_UNHEALTHY ?? ''),
  };
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return config;
}
