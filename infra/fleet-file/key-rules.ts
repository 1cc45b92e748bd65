/** The key of Cloud KMS that the fleet's data is encrypted with: a key encrypts only what is in its own location. */
import type { FleetFile } from './fleet-schema.ts';
import type { FleetProblem } from './fleet-problem.ts';
import { KMS_KEY_FORM } from './kms-key.ts';

/** @param regions that have machines of the fleet */
export function keyProblems(file: FleetFile, regions: readonly string[]): readonly FleetProblem[] {
  const { kms_key: key, registry, memorystore, region } = file;
  if (key === undefined) return [];
  const location = KMS_KEY_FORM.exec(key)?.[1] ?? '';
  const places = [
    { what: 'the bucket', at: region },
    ...regions.map((at) => ({ what: 'machines', at })),
    ...(registry === false ? [] : [{ what: 'the registry', at: registry.location ?? region }]),
    ...(memorystore === undefined ? [] : [{ what: 'Memorystore', at: memorystore.region ?? region }]),
  ];
  const elsewhere = places.find(({ at }) => at !== location);
  if (elsewhere === undefined) return [];
  return [
    {
      path: ['kms_key'],
      message: `is in ${location}, and ${elsewhere.what} in ${elsewhere.at}: a key encrypts what is in its own location, so a fleet with one has one region`,
    },
  ];
}
