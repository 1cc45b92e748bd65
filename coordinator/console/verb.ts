/** What a verb of the console is: what it takes, who may, what it does. */
import type { Role } from '../../protocol/http-api/words.ts';
import type { Actor, Commands } from '../commands.ts';

export type ParameterKind = 'host' | 'app' | 'deployment' | 'number';

export interface Parameter {
  readonly name: string;
  readonly kind: ParameterKind;
  readonly optional: boolean;
}

export interface VerbCall {
  readonly commands: Commands;
  readonly actor: Actor;
  readonly now: number;
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, string>>;
}

export interface Verb {
  readonly parameters: readonly Parameter[];
  readonly flags: readonly string[];
  readonly access: Role;
  readonly summary: string;
  readonly run: (call: VerbCall) => Promise<string>;
}

export const HOST: Parameter = { name: 'HOST', kind: 'host', optional: false };
export const APP: Parameter = { name: 'APP', kind: 'app', optional: false };
export const DEPLOYMENT: Parameter = { name: 'DEPLOYMENT', kind: 'deployment', optional: false };
export const optional = (parameter: Parameter): Parameter => ({ ...parameter, optional: true });
