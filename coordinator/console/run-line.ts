/** One typed line: find the verb, check role and words, run it. What could follow a beginning comes from the same table. */
import { LongshoreError } from '../../fleet/errors.ts';
import { isAppName } from '../../fleet/ids.ts';
import type { Actor, Commands } from '../commands.ts';
import { requireRole } from '../http/authentication.ts';
import { parseLine } from './line.ts';
import { readPages } from './listed.ts';
import type { ParameterKind } from './verb.ts';
import { VERBS, usageOf } from './verbs.ts';

/** @throws INPUT_INVALID, FORBIDDEN and what the use case throws */
export async function runLine(text: string, commands: Commands, actor: Actor, now: number): Promise<string> {
  const { words, flags } = parseLine(text);
  const name = words[0];
  if (name === undefined) return '';
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (verb === undefined)
    throw new LongshoreError('INPUT_INVALID', `there is no verb \`${name}\``, { hint: 'See `help`.' });
  requireRole(actor, verb.access);
  const given = words.slice(1);
  const least = verb.parameters.filter((parameter) => !parameter.optional).length;
  const unknown = Object.keys(flags).filter((flag) => !verb.flags.includes(flag));
  if (given.length < least || given.length > verb.parameters.length || unknown.length > 0) {
    const what =
      unknown.length > 0
        ? `there is no --${unknown.join(', --')}`
        : given.length < least
          ? 'a word is missing'
          : 'there is a word too much';
    throw new LongshoreError('INPUT_INVALID', `${name}: ${what}`, { hint: `Usage: ${usageOf(name, verb)}` });
  }
  return verb.run({ commands, actor, now, words: given, flags });
}

/** @returns whole words that could stand at the end of this text, at most 50 */
export async function completeLine(text: string, commands: Commands): Promise<readonly string[]> {
  const words = text.split(/\s+/);
  const last = words.at(-1) ?? '';
  const candidates = words.length <= 1 ? Object.keys(VERBS) : await argumentCandidates(words, commands);
  return candidates.filter((candidate) => candidate.startsWith(last)).slice(0, 50);
}

async function argumentCandidates(words: readonly string[], commands: Commands): Promise<readonly string[]> {
  const name = words[0] ?? '';
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (verb === undefined) return [];
  const parameter = verb.parameters[words.length - 2];
  const flags = verb.flags.map((flag) => (flag === 'note' ? '--note=' : `--${flag}`));
  return parameter === undefined ? flags : [...(await namesOf(parameter.kind, words, commands)), ...flags];
}

async function namesOf(kind: ParameterKind, words: readonly string[], commands: Commands): Promise<readonly string[]> {
  switch (kind) {
    case 'host':
      return (await readPages((query) => commands.listHosts(query))).items.map((host) => host.name);
    case 'app':
      return (await readPages((query) => commands.listApps(query))).items.map((app) => app.app);
    case 'deployment':
      return (await commands.listDeployments({ limit: 50 })).items.map((deployment) => deployment.id);
    case 'number': {
      const app = words[1] ?? '';
      if (!isAppName(app)) return [];
      const { items } = await readPages((query) => commands.listReleases(app, query));
      return items.map((release) => String(release.number));
    }
  }
}
