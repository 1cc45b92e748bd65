/**
 * The verbs of the console, as one table: what it takes, who may, what it does. Help and completion are made of the
 * same rows. A verb answers with text; what streams (watch, logs, exec) has frames of its own in the protocol.
 */
import type { Role } from '../../protocol/http-api/requests.ts';
import { eventsQuerySchema } from '../../protocol/http-api/requests.ts';
import {
  renderAppHealth,
  renderApps,
  renderEnrollTokens,
  renderEvents,
  renderRegistries,
  renderReleases,
  renderSecrets,
  renderTokens,
} from '../../protocol/text/apps.ts';
import { renderDeployment, renderDeployments } from '../../protocol/text/deployments.ts';
import { renderExplain, renderHost, renderHosts } from '../../protocol/text/hosts.ts';
import { renderInstall } from '../../protocol/text/install.ts';
import type { Actor, Commands } from '../commands.ts';
import { appWord, deploymentWord, numberWord, word } from './line-words.ts';

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

const PAGE = { limit: 100 } as const;
const HOST: Parameter = { name: 'HOST', kind: 'host', optional: false };
const APP: Parameter = { name: 'APP', kind: 'app', optional: false };
const DEPLOYMENT: Parameter = { name: 'DEPLOYMENT', kind: 'deployment', optional: false };
const optional = (parameter: Parameter): Parameter => ({ ...parameter, optional: true });

export const VERBS: Readonly<Record<string, Verb>> = {
  hosts: {
    parameters: [],
    flags: [],
    access: 'viewer',
    summary: 'Hosts, connected and converged',
    run: async ({ commands, now }) => renderHosts((await commands.listHosts(PAGE)).items, now),
  },
  host: {
    parameters: [HOST],
    flags: [],
    access: 'viewer',
    summary: 'One host with its instances',
    run: async ({ commands, words, now }) => renderHost(await commands.getHost(word(words, 0)), now),
  },
  explain: {
    parameters: [HOST],
    flags: [],
    access: 'viewer',
    summary: 'Why a host is not on its target',
    run: async ({ commands, words, now }) => renderExplain(await commands.explainHost(word(words, 0)), now),
  },
  apps: {
    parameters: [],
    flags: [],
    access: 'viewer',
    summary: 'Apps',
    run: async ({ commands }) => renderApps((await commands.listApps(PAGE)).items),
  },
  health: {
    parameters: [APP],
    flags: [],
    access: 'viewer',
    summary: 'Health of an app over its hosts',
    run: async ({ commands, words }) => renderAppHealth(await commands.appHealth(appWord(words, 0))),
  },
  status: {
    parameters: [optional(APP)],
    flags: [],
    access: 'viewer',
    summary: 'Newest deployment of each app, or of one',
    run: status,
  },
  deployments: {
    parameters: [optional(APP)],
    flags: [],
    access: 'viewer',
    summary: 'Deployments, newest first',
    run: async ({ commands, words, now }) =>
      renderDeployments(
        (await commands.listDeployments({ ...PAGE, ...(words.length > 0 ? { app: appWord(words, 0) } : {}) })).items,
        now,
      ),
  },
  releases: {
    parameters: [APP],
    flags: [],
    access: 'viewer',
    summary: 'Kept releases of an app',
    run: async ({ commands, words, now }) =>
      renderReleases((await commands.listReleases(appWord(words, 0), PAGE)).items, now),
  },
  events: {
    parameters: [optional(APP)],
    flags: [],
    access: 'viewer',
    summary: 'The event log, newest first',
    run: async ({ commands, words }) =>
      renderEvents(
        (
          await commands.listEvents(
            eventsQuerySchema.parse({ limit: 50, ...(words.length > 0 ? { app: appWord(words, 0) } : {}) }),
          )
        ).items,
      ),
  },
  pull: {
    parameters: [APP],
    flags: ['note'],
    access: 'operator',
    summary: 'Ask the registry now; a newer image becomes a release',
    run: async ({ commands, words, flags, actor }) =>
      (await commands.pullApp(appWord(words, 0), flags.note ?? null, actor)).text,
  },
  rollback: {
    parameters: [APP, { name: 'RELEASE', kind: 'number', optional: true }],
    flags: ['note'],
    access: 'operator',
    summary: 'Deploy a kept release again',
    run: async ({ commands, words, flags, actor, now }) =>
      renderDeployment(
        await commands.rollback(
          appWord(words, 0),
          { release: words.length > 1 ? numberWord(words, 1) : null, note: flags.note ?? null },
          actor,
        ),
        now,
      ),
  },
  pause: {
    parameters: [DEPLOYMENT],
    flags: ['note'],
    access: 'operator',
    summary: 'Start no further host',
    run: async (call) =>
      renderDeployment(
        await call.commands.pauseDeployment(deploymentWord(call.words, 0), call.flags.note ?? null, call.actor),
        call.now,
      ),
  },
  resume: {
    parameters: [DEPLOYMENT],
    flags: ['note'],
    access: 'operator',
    summary: 'Go on',
    run: async (call) =>
      renderDeployment(
        await call.commands.resumeDeployment(deploymentWord(call.words, 0), call.flags.note ?? null, call.actor),
        call.now,
      ),
  },
  cancel: {
    parameters: [DEPLOYMENT],
    flags: ['rollback', 'note'],
    access: 'operator',
    summary: 'Stop in place, or go back with --rollback',
    run: async (call) =>
      renderDeployment(
        await call.commands.cancelDeployment(
          deploymentWord(call.words, 0),
          { rollback: 'rollback' in call.flags, note: call.flags.note ?? null },
          call.actor,
        ),
        call.now,
      ),
  },
  cordon: availabilityVerb('paused', 'Give a host nothing new'),
  uncordon: availabilityVerb('active', 'Let a host get work again'),
  drain: availabilityVerb('draining', 'Take everything off a host'),
  secrets: {
    parameters: [APP],
    flags: [],
    access: 'operator',
    summary: 'Secrets of an app, without values',
    run: async ({ commands, words, now }) =>
      renderSecrets((await commands.listSecrets(appWord(words, 0), PAGE)).items, now),
  },
  registries: {
    parameters: [],
    flags: [],
    access: 'operator',
    summary: 'Stored registry credentials, without passwords',
    run: async ({ commands, now }) => renderRegistries((await commands.listRegistries(PAGE)).items, now),
  },
  tokens: {
    parameters: [],
    flags: [],
    access: 'admin',
    summary: 'API tokens',
    run: async ({ commands, now }) => renderTokens((await commands.listTokens(PAGE)).items, now),
  },
  'enroll-tokens': {
    parameters: [],
    flags: [],
    access: 'admin',
    summary: 'Enrolment tokens',
    run: async ({ commands, now }) => renderEnrollTokens((await commands.listEnrollTokens(PAGE)).items, now),
  },
  install: {
    parameters: [],
    flags: [],
    access: 'admin',
    summary: 'The command that makes a machine a host',
    run: async ({ commands }) => renderInstall(await commands.install(null)),
  },
  doctor: {
    parameters: [],
    flags: [],
    access: 'viewer',
    summary: 'What the coordinator finds wrong with itself',
    run: async ({ commands }) =>
      (await commands.doctor()).checks
        .map((check) => `${check.ok ? 'ok  ' : 'BAD '} ${check.name}: ${check.text}`)
        .join('\n'),
  },
  'confirm-restore': {
    parameters: [],
    flags: ['note'],
    access: 'operator',
    summary: 'Go on from data that was restored from an older copy',
    run: async ({ commands, actor, flags }) => {
      const { epoch } = await commands.confirmRestore(flags.note ?? null, actor);
      return `Confirmed: hosts get their assignments from this data, in epoch ${epoch}`;
    },
  },
  help: {
    parameters: [],
    flags: [],
    access: 'viewer',
    summary: 'This list',
    run: ({ actor }) => Promise.resolve(renderHelp(actor.role)),
  },
};

export function usageOf(name: string, verb: Verb): string {
  const parameters = verb.parameters.map((parameter) => (parameter.optional ? `[${parameter.name}]` : parameter.name));
  const flags = verb.flags.map((flag) => (flag === 'note' ? '[--note=TEXT]' : `[--${flag}]`));
  return [name, ...parameters, ...flags].join(' ');
}

function renderHelp(role: Role): string {
  const rows = Object.entries(VERBS).map(
    ([name, verb]) =>
      [usageOf(name, verb), `${verb.summary}${verb.access === 'viewer' ? '' : ` (${verb.access})`}`] as const,
  );
  const width = Math.max(...rows.map(([usage]) => usage.length));
  return [...rows.map(([usage, summary]) => `${usage.padEnd(width)}  ${summary}`), '', `Your role is ${role}.`].join(
    '\n',
  );
}

function availabilityVerb(availability: 'active' | 'paused' | 'draining', summary: string): Verb {
  return {
    parameters: [HOST],
    flags: ['note'],
    access: 'operator',
    summary,
    run: async ({ commands, words, flags, actor, now }) =>
      renderHost(await commands.patchHost(word(words, 0), { availability, note: flags.note ?? null }, actor), now),
  };
}

async function status({ commands, words, now }: VerbCall): Promise<string> {
  const apps = words.length > 0 ? [await commands.getApp(appWord(words, 0))] : (await commands.listApps(PAGE)).items;
  if (apps.length === 0) return renderApps([]);
  return apps
    .map((app) => (app.deployment === null ? `${app.app}: never deployed` : renderDeployment(app.deployment, now)))
    .join('\n\n');
}
