/**
 * Settings that only newer versions of Caddy know. Caddy refuses a configuration whole when it finds an unknown field,
 * and leaves the running one alone; so the newest form is tried first and what is refused is left out. Pure.
 */
export const FEATURES = {
  /** Since 2.7: websockets live on after a reload instead of being cut. */
  streamCloseDelay: 'stream_close_delay',
  /** Since 2.7: ask for A only, one look-up less. */
  ipVersions: 'versions',
} as const;

export type Feature = keyof typeof FEATURES;
export type Features = ReadonlySet<Feature>;

export const ALL_FEATURES: Features = new Set(Object.keys(FEATURES) as Feature[]);

/** @returns the features without the one that the answer complains of; null where it is about something else */
export function withoutRefused(features: Features, answer: string): Features | null {
  const field = /unknown field "([a-z_]+)"/.exec(answer.replaceAll('\\"', '"'))?.[1];
  const refused = [...features].find((feature) => FEATURES[feature] === field);
  return refused === undefined ? null : new Set([...features].filter((feature) => feature !== refused));
}
