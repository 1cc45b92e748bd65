/** An argument that names an app. */
import { LongshoreError } from '../fleet/errors.ts';
import { isAppName } from '../fleet/ids.ts';
import type { AppName } from '../fleet/ids.ts';

/** @throws INPUT_INVALID */
export function appArgument(name: string): AppName {
  if (!isAppName(name))
    throw new LongshoreError('INPUT_INVALID', `\`${name}\` is not an app name`, {
      hint: 'Lower-case letters, digits, - and _; see `longshore apps`.',
    });
  return name;
}
