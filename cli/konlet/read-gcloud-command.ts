/** From the flags of one gcloud command to what ran and on which machine. What is not taken along becomes a note. */
import type { Report } from '../../compose/source/report.ts';
import { suggestion } from '../../compose/values/suggest.ts';
import type { ContainerCommand, Flag } from './command-flags.ts';
import { gigabytesOf, listOf, pairsOf } from './flag-values.ts';
import { ABOUT_GCLOUD, NO_EQUIVALENT, READ_FLAGS } from './gcloud-flags.ts';
import type { ImportNote, KonletImport, KonletMachine, KonletMount, KonletWorkload } from './workload.ts';

/** Null where nothing can be run; the reasons are in the report. */
export function readGcloudCommand(command: ContainerCommand, report: Report): KonletImport | null {
  const flags = new Flags(command.flags, report);
  const image = flags.last('container-image');
  if (image === null || image.value === '') {
    report.error(
      image?.at ?? command.at,
      [],
      command.verb === 'update-container'
        ? '--container-image is missing: this says a change only; import the declaration of the VM instead'
        : '--container-image is missing: which image shall run?',
    );
    return null;
  }
  return {
    workload: workloadOf(command, image.value, flags),
    machine: machineOf(command, flags),
    notes: notesOf(command, report),
  };
}

function workloadOf(command: ContainerCommand, image: string, flags: Flags): KonletWorkload {
  const entrypoint = flags.last('container-command');
  const args = flags.all('container-arg');
  return {
    name: command.names[0] ?? 'app',
    image,
    command: entrypoint === null ? null : [entrypoint.value],
    args: args.length === 0 ? null : args.map((flag) => flag.value),
    env: flags.all('container-env').flatMap((flag) => flags.pairs(flag)),
    envFile: flags.last('container-env-file')?.value ?? null,
    mounts: mountsOf(flags),
    privileged: flags.isSet('container-privileged'),
    stdin: flags.isSet('container-stdin'),
    tty: flags.isSet('container-tty'),
    restart: restartOf(flags),
  };
}

function mountsOf(flags: Flags): readonly KonletMount[] {
  const read = (name: string, make: (said: ReadonlyMap<string, string>, flag: Flag) => KonletMount | null) =>
    flags.all(name).flatMap((flag) => {
      const said = new Map(flags.pairs(flag));
      const target = said.get('mount-path') ?? '';
      if (!target.startsWith('/')) {
        flags.wrong(flag, 'needs mount-path=/ABSOLUTE/PATH');
        return [];
      }
      const mode = said.get('mode') ?? 'rw';
      if (mode !== 'rw' && mode !== 'ro') flags.wrong(flag, `has mode=${mode}; there are rw and ro`);
      return make(said, flag) ?? [];
    });
  const common = (said: ReadonlyMap<string, string>): { target: string; readOnly: boolean } => ({
    target: said.get('mount-path') ?? '',
    readOnly: said.get('mode') === 'ro',
  });
  return [
    ...read('container-mount-host-path', (said, flag) => {
      const path = said.get('host-path') ?? '';
      if (path.startsWith('/')) return { kind: 'host', path, ...common(said) };
      flags.wrong(flag, 'needs host-path=/ABSOLUTE/PATH');
      return null;
    }),
    ...read('container-mount-disk', (said) => ({ kind: 'disk', disk: said.get('name') ?? 'data', ...common(said) })),
    ...read('container-mount-tmpfs', (said) => ({ kind: 'memory', ...common(said) })),
  ];
}

function restartOf(flags: Flags): KonletWorkload['restart'] {
  const flag = flags.last('container-restart-policy');
  switch (flag?.value) {
    case undefined:
    case 'always':
      return 'always';
    case 'on-failure':
      return 'on-failure';
    case 'never':
      return 'no';
    default:
      flags.wrong(flag, `is ${flag?.value ?? ''}; gcloud knows never, on-failure and always`);
      return 'always';
  }
}

function machineOf(command: ContainerCommand, flags: Flags): KonletMachine {
  return {
    kind: command.on === 'instances' ? 'single' : 'group',
    names: command.names,
    machine: flags.last('machine-type')?.value ?? null,
    zone: flags.last('zone')?.value.split('/').at(-1) ?? null,
    tags: flags.all('tags').flatMap((flag) => listOf(flag.value)),
    labels: flags.all('labels').flatMap((flag) => flags.pairs(flag)),
    spot: flags.isSet('preemptible') || flags.last('provisioning-model')?.value.toUpperCase() === 'SPOT',
    bootDiskGb: flags.size('boot-disk-size'),
    bootDiskType: flags.last('boot-disk-type')?.value ?? null,
    disks: [...flags.all('create-disk'), ...flags.all('disk')]
      .map((flag) => new Map(flags.pairs(flag)))
      .filter((said) => said.get('boot') !== 'yes')
      .map((said) => ({
        name: said.get('device-name') ?? said.get('name') ?? null,
        sizeGb: gigabytesOf(said.get('size') ?? ''),
      })),
    publicAddress: !flags.isSet('no-address'),
  };
}

function notesOf(command: ContainerCommand, report: Report): readonly ImportNote[] {
  const read = new Set<string>(READ_FLAGS);
  return command.flags.flatMap(({ name, value, at }) => {
    if (read.has(name) || ABOUT_GCLOUD.has(name)) return [];
    // The value can be a secret (metadata), so that only the flag is named.
    const what = `--${name}`;
    const why = NO_EQUIVALENT[name] ?? NO_EQUIVALENT[name.replace(/^no-/, '')];
    if (why !== undefined) return [{ what, why, at }];
    if (name.startsWith('container-')) {
      report.error(at, [], `${what} is not a flag of gcloud's${suggestion(name, READ_FLAGS)}`);
      return [];
    }
    const more = value === '' ? '' : ' with its value';
    return [{ what, why: `is not known to this import and was left out${more}`, at }];
  });
}

/** The flags by name, with what is wrong about their values going to the report. */
class Flags {
  readonly #flags: readonly Flag[];
  readonly #report: Report;

  constructor(flags: readonly Flag[], report: Report) {
    this.#flags = flags;
    this.#report = report;
  }

  all(name: string): readonly Flag[] {
    return this.#flags.filter((flag) => flag.name === name);
  }

  /** gcloud takes the last where a flag is given again. */
  last(name: string): Flag | null {
    return this.all(name).at(-1) ?? null;
  }

  isSet(name: string): boolean {
    const flag = this.last(name);
    return flag !== null && flag.value !== 'false';
  }

  pairs(flag: Flag): readonly (readonly [string, string])[] {
    const pairs = pairsOf(flag.value);
    if (pairs === null) this.wrong(flag, 'is not a list of KEY=VALUE');
    return pairs ?? [];
  }

  size(name: string): number | null {
    const flag = this.last(name);
    if (flag === null) return null;
    const size = gigabytesOf(flag.value);
    if (size === null) this.wrong(flag, `is "${flag.value}", which is not a size like 50GB`);
    return size;
  }

  wrong(flag: Flag | null, message: string): void {
    this.#report.error(flag?.at ?? null, [], `--${flag?.name ?? ''} ${message}`);
  }
}
