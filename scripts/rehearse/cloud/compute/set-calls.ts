/** The `setX` calls of Compute Engine, which put their body under one field, and the fingerprints that guard them. */
import { GoogleError } from '../google-error.ts';
import { type JsonObject, objectAt, textAt } from '../json.ts';

export const setters: Readonly<Record<string, (body: JsonObject) => JsonObject>> = {
  setLabels: (body) => ({ labels: body['labels'] ?? {} }),
  setMetadata: (body) => ({ metadata: body }),
  setTags: (body) => ({ tags: body }),
  setScheduling: (body) => ({ scheduling: body }),
  setMachineType: (body) => ({ machineType: body['machineType'] ?? null }),
  setServiceAccount: (body) => ({ serviceAccounts: [body] }),
  setShieldedInstanceIntegrityPolicy: (body) => ({ shieldedInstanceIntegrityPolicy: body }),
};

/** Where the fingerprint stands that a call of this name must carry: the object, and its key. */
export function fingerprintOf(verb: string, stored: JsonObject): readonly [JsonObject, string] {
  if (verb === 'setLabels') return [stored, 'labelFingerprint'];
  return [objectAt(stored, verb === 'setMetadata' ? 'metadata' : 'tags'), 'fingerprint'];
}

/** @throws {GoogleError} 412 where the caller has seen an older state than the stored one. */
export function refuseOldFingerprint(stored: JsonObject, key: string, body: JsonObject): void {
  const named = textAt(body, key);
  if (named !== undefined && named !== '' && named !== stored[key])
    throw new GoogleError(412, 'conditionNotMet', 'Supplied fingerprint does not match current metadata fingerprint.');
}
