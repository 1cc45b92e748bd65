/** What all machines have in common: image, network interface, scopes, Shielded VM. Pure. */
import type { Architecture } from '../fleet-file/fleet-config.ts';

/** A family, looked up by Google when a machine is made: what is there already is never replaced for a newer one. */
export function debianImage(architecture: Architecture): string {
  return `projects/debian-cloud/global/images/family/debian-13${architecture === 'arm64' ? '-arm64' : ''}`;
}

/** What an account may do is said by its roles; scopes are Google's older and coarser way. */
export const MACHINE_SCOPES: readonly string[] = ['https://www.googleapis.com/auth/cloud-platform'];

/** Secure boot is for x64: Google's arm64 images of Debian do not promise a signed chain. */
export function shieldedVm(architecture: Architecture): {
  readonly enableSecureBoot: boolean;
  readonly enableVtpm: boolean;
  readonly enableIntegrityMonitoring: boolean;
} {
  return { enableSecureBoot: architecture === 'x64', enableVtpm: true, enableIntegrityMonitoring: true };
}
