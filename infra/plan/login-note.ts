/**
 * How somebody logs in to machines with `ssh: keys`. Through IAP, by ssh itself: `gcloud compute ssh` would write keys of
 * its own into the metadata. Pure.
 */
import { KEY_USER } from '../constructs/machine-metadata.ts';
import type { FleetConfig } from '../fleet-file/fleet-config.ts';
import { shellQuote } from '../../fleet/shell-quote.ts';

/** Null: nobody logs in with a key. */
export function loginNote(fleet: FleetConfig, privateKeyPath: string | null): string | null {
  const { coordinator, pools } = fleet;
  const machines = [
    ...(coordinator.ssh === 'keys' ? [{ machine: `${fleet.name}-coordinator`, zone: coordinator.zone }] : []),
    // Names of machines in groups are Google's; `longshore hosts` has them.
    ...(pools.some(({ ssh }) => ssh === 'keys') ? [{ machine: 'MACHINE', zone: 'ZONE' }] : []),
  ];
  if (machines.length === 0) return null;
  const key = shellQuote(privateKeyPath ?? 'PRIVATE_KEY');
  const lines = machines.map(({ machine, zone }) => {
    const tunnel = `gcloud compute start-iap-tunnel ${machine} %p --listen-on-stdin --zone=${zone} --project=${fleet.project}`;
    return `  ssh -i ${key} -o ProxyCommand='${tunnel}' ${KEY_USER}@${machine}`;
  });
  return ['To log in where `ssh: keys` is set:', ...lines].join('\n');
}
