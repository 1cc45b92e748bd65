// The gcp stack of a fleet as plain data: what Terraform would be given, with resources by type and address.
import { App, LocalBackend, Testing } from 'cdktf';
import type { InfraEnvironment } from '../../../infra/environment.ts';
import type { FleetConfig } from '../../../infra/fleet-file/fleet-config.ts';
import type { Programs } from '../../../infra/programs.ts';
import { GcpStack } from '../../../infra/stacks/gcp-stack.ts';

export type Values = Readonly<Record<string, unknown>>;

export interface Synthesised {
  /** As it is written for Terraform. */
  readonly text: string;
  readonly document: Values;
  /** `type.name` to its arguments. */
  readonly resources: ReadonlyMap<string, Values>;
  /** Those of a type (without `google_`), by name. */
  readonly of: (type: string) => ReadonlyMap<string, Values>;
}

export const PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA somebody';
export const ENVIRONMENT: InfraEnvironment = {
  credentials: { kind: 'application-default' },
  impersonate: null,
  publicKey: PUBLIC_KEY,
  privateKeyPath: null,
};

/** Archives that are nowhere: synthesis names them and reads none. */
export const PROGRAMS = programsIn('/nowhere');

export function programsIn(folder: string, mark = ''): Programs {
  const archive = (file: string, letter: string): Programs['coordinator'] => ({
    path: `${folder}/${file}`,
    file,
    sha256: (mark + letter.repeat(64)).slice(0, 64),
  });
  return {
    agents: {
      x64: archive('longshore-agent-linux-x64.tar.gz', 'a'),
      arm64: archive('longshore-agent-linux-arm64.tar.gz', 'b'),
    },
    coordinator: archive('longshore-coordinator-linux-x64.tar.gz', 'c'),
  };
}

export interface SynthesisOptions {
  readonly environment?: InfraEnvironment;
  readonly programs?: Programs;
  /** Path of the state; without, the stack has none of its own. */
  readonly state?: string;
}

export function synthesise(fleet: FleetConfig, options: SynthesisOptions = {}): Synthesised {
  const stack = new GcpStack(new App(), 'gcp', {
    fleet,
    environment: options.environment ?? ENVIRONMENT,
    programs: options.programs ?? PROGRAMS,
  });
  if (options.state !== undefined) new LocalBackend(stack, { path: options.state });
  const text = Testing.synth(stack);
  const document = asValues(JSON.parse(text));
  const resources = new Map(
    Object.entries(asValues(document['resource'])).flatMap(([type, byName]) =>
      Object.entries(asValues(byName)).map(([name, values]) => [`${type}.${name}`, asValues(values)] as const),
    ),
  );
  const of = (type: string): ReadonlyMap<string, Values> => {
    const prefix = `google_${type}.`;
    return new Map(
      [...resources]
        .filter(([address]) => address.startsWith(prefix))
        .map(([address, values]) => [address.slice(prefix.length), values]),
    );
  };
  return { text, document, resources, of };
}

export function asValues(value: unknown): Values {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return value as Values;
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

/** A block that stands once, whether Terraform's JSON has it in a list or not. */
export function block(values: Values | undefined, name: string): Values {
  return asValues(asList(values?.[name])[0]);
}

/** Fails with what there is, so that a test says more than "undefined". */
export function one(found: ReadonlyMap<string, Values>, name: string): Values {
  const values = found.get(name);
  if (values === undefined) throw new Error(`no "${name}" among ${[...found.keys()].join(', ')}`);
  return values;
}
