/** What a service mounts: declared volumes, secrets and configs, absolute targets, none taken twice. */
import type { AppSpec, MountSpec, ServiceSpec } from '../../fleet/app-spec.ts';
import { isImageVolumeKey } from '../../fleet/image-volumes.ts';
import { suggestion, suggestionsFrom } from '../values/suggest.ts';
import { type Finding, finding } from './finding.ts';

export function mountFindings(app: AppSpec): readonly Finding[] {
  const missing = missingIn(app);
  return [
    ...Object.entries(app.services).flatMap(([name, service]) => [
      ...undeclared(missing, name, service),
      ...targets(name, service),
      ...secretVariables(name, service),
    ]),
    ...recreated(app),
  ];
}

/** A volume of an image goes by its own kind of name, and what images declare is not known here. */
function recreated(app: AppSpec): readonly Finding[] {
  return (app.recreateVolumes ?? []).flatMap((volume) =>
    isImageVolumeKey(volume) || Object.hasOwn(app.volumes, volume)
      ? []
      : [
          finding(
            ['volumes'],
            `there is no volume "${volume}" to recreate${suggestion(volume, Object.keys(app.volumes))}`,
          ),
        ],
  );
}

type Missing = Readonly<Record<'volume' | 'secret' | 'config', (key: string) => string | null>>;

function missingIn(app: AppSpec): Missing {
  const of = (kind: string, known: Readonly<Record<string, unknown>>): ((key: string) => string | null) => {
    const suggest = suggestionsFrom(Object.keys(known));
    return (key) =>
      Object.hasOwn(known, key) ? null : `the ${kind} "${key}" is not declared under "${kind}s"${suggest(key)}`;
  };
  return { volume: of('volume', app.volumes), secret: of('secret', app.secrets), config: of('config', app.configs) };
}

function undeclared(missing: Missing, name: string, service: ServiceSpec): readonly Finding[] {
  const path = ['services', name];
  const all: (readonly [readonly (string | number)[], string | null])[] = [
    ...service.mounts.map((mount, index) => {
      const said = mount.kind === 'volume' ? missing.volume(mount.volume) : null;
      return [[...path, 'volumes', index], said] as const;
    }),
    ...service.secrets.map((use, index) => {
      const place = use.as === 'file' ? ['secrets', index] : ['x-longshore', 'secrets_env', use.target];
      return [[...path, ...place], missing.secret(use.secret)] as const;
    }),
    ...service.configs.map((use, index) => [[...path, 'configs', index], missing.config(use.config)] as const),
  ];
  return all.flatMap(([place, message]) => (message === null ? [] : [finding(place, message)]));
}

function targets(name: string, service: ServiceSpec): readonly Finding[] {
  const findings: Finding[] = [];
  const taken = new Map<string, string>();
  const take = (target: string, key: string, index: number): void => {
    const path = ['services', name, key, index];
    const before = taken.get(target);
    if (!target.startsWith('/')) findings.push(finding(path, `"${target}" is not an absolute path in the container`));
    else if (target === '/') findings.push(finding(path, 'nothing can be mounted over "/"'));
    else if (before !== undefined) findings.push(finding(path, `${target} is taken already, by ${before}`));
    taken.set(target, `${key}[${index}]`);
  };
  service.mounts.forEach((mount, index) => {
    take(mount.target, 'volumes', index);
    if (mount.kind === 'bind' && !mount.source.startsWith('/'))
      findings.push(finding(['services', name, 'volumes', index], bindMessage(mount)));
  });
  service.secrets.forEach((use, index) => {
    if (use.as === 'file') take(use.target, 'secrets', index);
  });
  service.configs.forEach((use, index) => take(use.target, 'configs', index));
  return findings;
}

const bindMessage = (mount: Extract<MountSpec, { kind: 'bind' }>): string =>
  `the source "${mount.source}" of a bind mount is not an absolute path`;

function secretVariables(name: string, service: ServiceSpec): readonly Finding[] {
  const seen = new Set(Object.keys(service.environment));
  const findings: Finding[] = [];
  for (const use of service.secrets) {
    if (use.as !== 'environment') continue;
    const path = ['services', name, 'x-longshore', 'secrets_env', use.target];
    if (seen.has(use.target)) findings.push(finding(path, `the variable ${use.target} is set twice`));
    seen.add(use.target);
  }
  return findings;
}
