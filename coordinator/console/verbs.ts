/**
 * The verbs of the console, as one table: what it takes, who may, what it does. Help and completion are made of the
 * same rows. A verb answers with text; what streams (watch, logs, exec) has frames of its own in the protocol.
 */
import type { Role } from '../../protocol/http-api/words.ts';
import { renderAppHealth } from '../../protocol/text/apps.ts';
import { renderDeployment } from '../../protocol/text/deployments.ts';
import { renderExplain, renderHost } from '../../protocol/text/hosts.ts';
import { renderInstall } from '../../protocol/text/install.ts';
import { appWord, deploymentWord, numberWord, word } from './line-words.ts';
import { LIST_VERBS } from './list-verbs.ts';
import { APP, DEPLOYMENT, HOST } from './verb.ts';
import type { Verb } from './verb.ts';

export const VERBS: Readonly<Record<string, Verb>> = {
  hosts: LIST_VERBS.hosts,
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
  apps: LIST_VERBS.apps,
  health: {
    parameters: [APP],
    flags: [],
    access: 'viewer',
    summary: 'Health of an app over its hosts',
    run: async ({ commands, words }) => renderAppHealth(await commands.appHealth(appWord(words, 0))),
  },
  status: LIST_VERBS.status,
  deployments: LIST_VERBS.deployments,
  releases: LIST_VERBS.releases,
  events: LIST_VERBS.events,
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
  adopt: {
    parameters: [HOST],
    flags: ['key', 'note'],
    access: 'operator',
    summary: 'Let the machine that asks be this host, with its new key',
    run: async ({ commands, words, flags, actor, now }) =>
      renderHost(
        await commands.adoptHost(word(words, 0), { key: flags.key ?? null, note: flags.note ?? null }, actor),
        now,
      ),
  },
  secrets: LIST_VERBS.secrets,
  registries: LIST_VERBS.registries,
  tokens: LIST_VERBS.tokens,
  'enroll-tokens': LIST_VERBS['enroll-tokens'],
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
  const flags = verb.flags.map((flag) =>
    flag === 'note' ? '[--note=TEXT]' : flag === 'key' ? '[--key=KEY]' : `[--${flag}]`,
  );
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
