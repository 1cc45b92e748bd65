/** The verbs that list: every page, or as much as can be read and where the rest is. */
import type { PageQuery } from '../../protocol/http-api/requests.ts';
import type { SecretView } from '../../protocol/http-api/access-views.ts';
import type { AppView, DeploymentView, ReleaseView } from '../../protocol/http-api/views.ts';
import {
  renderApps,
  renderEnrollTokens,
  renderEvents,
  renderRegistries,
  renderReleases,
  renderSecrets,
  renderTokens,
} from '../../protocol/text/apps.ts';
import { renderDeployment, renderDeployments } from '../../protocol/text/deployments.ts';
import { renderHosts } from '../../protocol/text/hosts.ts';
import { appWord } from './line-words.ts';
import { listed } from './listed.ts';
import { APP, optional } from './verb.ts';
import type { Verb, VerbCall } from './verb.ts';

const NEWEST_DEPLOYMENTS = 100;
const NEWEST_EVENTS = 50;

export const LIST_VERBS = {
  hosts: {
    parameters: [],
    flags: [],
    access: 'viewer',
    summary: 'Hosts, connected and converged',
    run: ({ commands, now }) =>
      listed(
        (query) => commands.listHosts(query),
        (items) => renderHosts(items, now),
        'longshore hosts',
      ),
  },
  apps: {
    parameters: [],
    flags: [],
    access: 'viewer',
    summary: 'Apps',
    run: ({ commands }) => listed((query) => commands.listApps(query), renderApps, 'longshore apps'),
  },
  deployments: {
    parameters: [optional(APP)],
    flags: [],
    access: 'viewer',
    summary: 'Deployments, newest first',
    run: async ({ commands, words, now }) => {
      const app = words.length > 0 ? { app: appWord(words, 0) } : {};
      const render = (items: readonly DeploymentView[]): string => renderDeployments(items, now);
      const page = (query: PageQuery) => commands.listDeployments({ ...query, ...app });
      return listed(page, render, 'longshore deployments --limit 500', NEWEST_DEPLOYMENTS);
    },
  },
  releases: {
    parameters: [APP],
    flags: [],
    access: 'viewer',
    summary: 'Kept releases of an app',
    run: async ({ commands, words, now }) => {
      const app = appWord(words, 0);
      const render = (items: readonly ReleaseView[]): string => renderReleases(items, now);
      return listed((query) => commands.listReleases(app, query), render, `longshore releases ${app}`);
    },
  },
  events: {
    parameters: [optional(APP)],
    flags: [],
    access: 'viewer',
    summary: 'The event log, newest first',
    run: async ({ commands, words }) => {
      const app = words.length > 0 ? { app: appWord(words, 0) } : {};
      const page = (query: PageQuery) => commands.listEvents({ ...query, ...app, order: 'newest' });
      return listed(page, renderEvents, 'longshore events --limit 500', NEWEST_EVENTS);
    },
  },
  secrets: {
    parameters: [APP],
    flags: [],
    access: 'operator',
    summary: 'Secrets of an app, without values',
    run: async ({ commands, words, now }) => {
      const app = appWord(words, 0);
      const render = (items: readonly SecretView[]): string => renderSecrets(items, now);
      return listed((query) => commands.listSecrets(app, query), render, `longshore secrets list ${app}`);
    },
  },
  registries: {
    parameters: [],
    flags: [],
    access: 'operator',
    summary: 'Stored registry credentials, without passwords',
    run: ({ commands, now }) =>
      listed(
        (query) => commands.listRegistries(query),
        (items) => renderRegistries(items, now),
        'longshore secrets registries',
      ),
  },
  tokens: {
    parameters: [],
    flags: [],
    access: 'admin',
    summary: 'API tokens',
    run: ({ commands, now }) =>
      listed(
        (query) => commands.listTokens(query),
        (items) => renderTokens(items, now),
        'longshore tokens',
      ),
  },
  'enroll-tokens': {
    parameters: [],
    flags: [],
    access: 'admin',
    summary: 'Enrolment tokens',
    run: ({ commands, now }) =>
      listed(
        (query) => commands.listEnrollTokens(query),
        (items) => renderEnrollTokens(items, now),
        'longshore enroll-token --list',
      ),
  },
  status: {
    parameters: [optional(APP)],
    flags: [],
    access: 'viewer',
    summary: 'Newest deployment of each app, or of one',
    run: status,
  },
} as const satisfies Readonly<Record<string, Verb>>;

async function status({ commands, words, now }: VerbCall): Promise<string> {
  const render = (apps: readonly AppView[]): string =>
    apps.length === 0
      ? renderApps([])
      : apps
          .map((app) =>
            app.deployment === null ? `${app.app}: never deployed` : renderDeployment(app.deployment, now),
          )
          .join('\n\n');
  if (words.length > 0) return render([await commands.getApp(appWord(words, 0))]);
  return listed((query) => commands.listApps(query), render, 'longshore status');
}
