/**
 * A container's names on one network, as the Engine API has them. Aliases are names that all on the network look up; links
 * (`TARGET:NAME`) are looked up by this container alone, before the aliases of others. The target may be any name that the
 * network knows, one that several containers share too. Pure.
 */
import type { NetworkNames } from './container-engine.ts';

export interface EndpointNames {
  readonly Aliases?: readonly string[] | null;
  readonly Links?: readonly string[] | null;
}

export function toEndpointNames({ aliases, links }: NetworkNames): {
  readonly Aliases: readonly string[];
  readonly Links?: readonly string[];
} {
  const views = Object.entries(links).map(([name, target]) => `${target}:${name}`);
  return { Aliases: aliases, ...(views.length === 0 ? {} : { Links: views.sort() }) };
}

/**
 * Docker adds the container's short id to the aliases by itself.
 * @param engineId of the container, whole
 */
export function namesOfEndpoint(endpoint: EndpointNames | undefined, engineId: string): NetworkNames {
  const shortId = engineId.slice(0, 12);
  const links = (endpoint?.Links ?? []).flatMap((link): [string, string][] => {
    const [target = '', name = target] = link.split(':');
    return target === '' ? [] : [[name, target]];
  });
  return {
    aliases: (endpoint?.Aliases ?? []).filter((name) => name !== shortId),
    links: Object.fromEntries(links),
  };
}

export function isSameNames(a: NetworkNames, b: NetworkNames): boolean {
  return keyOf(a) === keyOf(b);
}

function keyOf({ aliases, links }: NetworkNames): string {
  return JSON.stringify([[...aliases].sort(), Object.entries(links).sort()]);
}
