/** A host's row with what a test does not care about filled in. */
import type { HostRow } from '../../coordinator/store/records.ts';
import { hostId } from './app-builders.ts';

export function aHostRow(number = 1, fields: Partial<HostRow> = {}): HostRow {
  return {
    id: hostId(number),
    name: `host-${number}`,
    pool: null,
    labels: {},
    availability: 'active',
    platform: 'linux/amd64',
    agentVersion: '1',
    engineVersion: '20',
    enrolledAt: 1,
    lastSeenAt: 2,
    publicKey: 'p',
    sealingKey: 's',
    acked: null,
    removedAt: null,
    instance: null,
    poolLabels: {},
    ownLabels: {},
    poweringOff: false,
    ...fields,
  };
}
