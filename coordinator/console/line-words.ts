/** Words of a typed line as what a verb expects of them. @throws INPUT_INVALID, naming the word */
import { LongshoreError } from '../../fleet/errors.ts';
import { type AppName, type DeploymentId, isAppName, isDeploymentId } from '../../fleet/ids.ts';

export function word(words: readonly string[], index: number): string {
  const value = words[index];
  if (value === undefined) throw new LongshoreError('INPUT_INVALID', 'a word is missing');
  return value;
}

export function appWord(words: readonly string[], index: number): AppName {
  const name = word(words, index);
  if (!isAppName(name))
    throw new LongshoreError('INPUT_INVALID', `\`${name}\` is not an app name`, { hint: 'See `apps`.' });
  return name;
}

export function deploymentWord(words: readonly string[], index: number): DeploymentId {
  const id = word(words, index);
  if (!isDeploymentId(id))
    throw new LongshoreError('INPUT_INVALID', `\`${id}\` is not a deployment id`, { hint: 'See `deployments`.' });
  return id;
}

export function numberWord(words: readonly string[], index: number): number {
  const text = word(words, index);
  if (!/^[1-9][0-9]{0,8}$/.test(text))
    throw new LongshoreError('INPUT_INVALID', `\`${text}\` is not a release number`, { hint: 'See `releases APP`.' });
  return Number(text);
}
