/**
 * What Google charges, in US dollars for us-central1, without discounts, about as its price lists stood in the month below.
 * It is there to tell 100 from 1,000 dollars a month, not to check a bill. Traffic, storage of images and snapshots hang on
 * use, and are not in it.
 *
 * The figures were written down from memory and not copied from the lists. In 2026-12 these were compared with figures
 * that others read from Google's pages in 2026-09 and 2026-10, and agree: an address in use (0.005 an hour, 0.0025 on a
 * Spot machine), up to five rules of a balancer (0.025), Cloud NAT (0.0014 for each machine up to 32). Machines, disks,
 * Cloud SQL, Memorystore and the factors of regions are unverified.
 */

export const PRICES_AS_OF = '2025-06';
export const HOURS_A_MONTH = 730;

/** By family, per hour. */
export const MACHINE_PRICES: Readonly<Record<string, { readonly cpu: number; readonly gb: number }>> = {
  e2: { cpu: 0.02181, gb: 0.00292 },
  f1: { cpu: 0.031, gb: 0.0023 },
  g1: { cpu: 0.0437, gb: 0.0023 },
  n1: { cpu: 0.03161, gb: 0.00424 },
  n2: { cpu: 0.03161, gb: 0.00424 },
  n2d: { cpu: 0.0275, gb: 0.00369 },
  n4: { cpu: 0.0308, gb: 0.00351 },
  t2a: { cpu: 0.0265, gb: 0.003 },
  t2d: { cpu: 0.0275, gb: 0.00369 },
  c2: { cpu: 0.03398, gb: 0.00455 },
  c2d: { cpu: 0.0296, gb: 0.00396 },
  c3: { cpu: 0.03398, gb: 0.00456 },
  c3d: { cpu: 0.0296, gb: 0.00397 },
  c4: { cpu: 0.03465, gb: 0.00394 },
  c4a: { cpu: 0.0308, gb: 0.00351 },
};

/** Per GB and month. */
export const DISK_PRICES: Readonly<Record<string, number>> = {
  'pd-standard': 0.04,
  'pd-balanced': 0.1,
  'pd-ssd': 0.17,
  'pd-extreme': 0.125,
  'hyperdisk-balanced': 0.08,
  'hyperdisk-extreme': 0.125,
};

/** Of an hour each. */
export const HOURLY = {
  publicAddress: 0.005,
  spotAddress: 0.0025,
  /** Up to five of them together. */
  balancer: 0.025,
  natMachine: 0.0014,
  natMost: 0.044,
  sqlCpu: 0.0413,
  sqlGb: 0.007,
  redisBasicGb: 0.049,
  redisStandardGb: 0.064,
} as const;

/** Shared tiers of Cloud SQL, per hour. */
export const SQL_TIERS: Readonly<Record<string, number>> = { 'db-f1-micro': 0.0105, 'db-g1-small': 0.035 };
export const SQL_DISK_GB = 0.17;

/** Spot machines cost about this part. */
export const SPOT_PART = 0.4;

/** How much dearer than us-central1 a region is, by the beginning of its name; the longest that fits counts. */
export const REGIONS: Readonly<Record<string, number>> = {
  us: 1.1,
  'us-central1': 1,
  'us-east1': 1,
  'us-east5': 1,
  'us-west1': 1,
  'us-west2': 1.2,
  northamerica: 1.1,
  southamerica: 1.59,
  europe: 1.2,
  'europe-north1': 1.1,
  'europe-west1': 1.1,
  'europe-west4': 1.1,
  'europe-west6': 1.4,
  asia: 1.25,
  'asia-east1': 1.16,
  australia: 1.42,
  me: 1.2,
  africa: 1.31,
};
