/** The use cases, put together: one file a noun. */
import type { Commands } from '../commands.ts';
import { Authentication } from '../identity/authentication.ts';
import type { ImageChecks } from '../ports.ts';
import { adoptCommands } from './adopt-commands.ts';
import { appCommands } from './app-commands.ts';
import type { ControlOptions } from './control-options.ts';
import { deploymentCommands } from './deployment-commands.ts';
import { enrollCommands } from './enroll-commands.ts';
import { eventCommands } from './event-commands.ts';
import { hostCommands } from './host-commands.ts';
import { planCommands } from './plan-commands.ts';
import { runningCommands } from './running-commands.ts';
import { secretCommands } from './secret-commands.ts';
import { streamCommands } from './stream-commands.ts';
import { tokenCommands } from './token-commands.ts';

/** @param checks the same that the schedule asks, so that a person's pull and a tick do one thing */
export function createCommands(options: ControlOptions, checks: ImageChecks): Commands {
  return {
    ...enrollCommands(options),
    ...hostCommands(options),
    ...adoptCommands(options),
    ...appCommands(options, checks),
    ...runningCommands(options),
    ...planCommands(options),
    ...deploymentCommands(options),
    ...secretCommands(options),
    ...tokenCommands(options, new Authentication(options.store, options.now)),
    ...eventCommands(options),
    ...streamCommands(options),
  };
}
