/** To which registries the engine speaks plain HTTP where HTTPS does not work. Pure. */

/** `RegistryConfig` of the engine's `/info`. */
export interface RegistryConfig {
  readonly InsecureRegistryCIDRs?: readonly string[] | null;
  readonly IndexConfigs?: Readonly<Record<string, { readonly Secure?: boolean }>> | null;
}

export function isInsecureRegistry(registry: string, config: RegistryConfig | null): boolean {
  const host = registry.replace(/:\d+$/, '');
  if (host === 'localhost' || host.startsWith('127.') || host === '[::1]') return true;
  if (config?.IndexConfigs?.[registry]?.Secure === false) return true;
  return (config?.InsecureRegistryCIDRs ?? []).some((range) => isInRange(host, range));
}

/** IPv4 only; a name is not resolved. */
function isInRange(host: string, range: string): boolean {
  const [base = '', bits = ''] = range.split('/');
  const [address, network] = [toNumber(host), toNumber(base)];
  if (address === null || network === null || !/^\d+$/.test(bits)) return false;
  const size = 2 ** (32 - Number(bits));
  return Math.floor(address / size) === Math.floor(network / size);
}

function toNumber(address: string): number | null {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return null;
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
