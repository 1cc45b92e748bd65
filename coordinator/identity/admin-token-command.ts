/**
 * `longshore-coordinator admin-token --reset`: another admin token, for whoever has the coordinator's machine and lost the
 * last one. It works on the data itself, so the coordinator has to be stopped for that moment.
 */
import { parseArgs } from 'node:util';
import { LongshoreError } from '../../fleet/errors.ts';

export interface AdminTokenArguments {
  /** Settings and `--config`, as the coordinator takes them. */
  readonly others: readonly string[];
}

/** @param args after `admin-token` @throws INPUT_INVALID without `--reset` */
export function adminTokenArguments(args: readonly string[]): AdminTokenArguments {
  const { tokens } = parseArgs({
    args: [...args],
    options: { reset: { type: 'boolean' } },
    strict: false,
    tokens: true,
  });
  const given = tokens.filter((token) => token.kind === 'option' && token.name === 'reset');
  if (given.length === 0)
    throw new LongshoreError('INPUT_INVALID', 'admin-token: nothing to do', {
      hint: 'Run `longshore-coordinator admin-token --reset` to make another admin token.',
    });
  return { others: args.filter((arg) => arg !== '--reset') };
}

/** For the event log: who had the machine. */
export function resetBy(user: string, variables: Readonly<Record<string, string | undefined>>): string {
  const { SUDO_USER: person = '' } = variables;
  return `admin-token --reset on the machine of the coordinator, by ${user}${person === '' ? '' : ` (sudo of ${person})`}`;
}

/** @param place where the token can be read: a file, or a secret of Secret Manager */
export function renderReset(place: string): string {
  return [
    `A new admin token is in ${place}.`,
    'Start the coordinator, log in with it, and revoke the one that was lost: `longshore tokens`, `longshore tokens revoke ID`.',
  ].join('\n');
}

/**
 * What root would make there, the coordinator's own user could not write: this process goes on as the directory's owner.
 * @param owner of the data directory; null = there is none
 * @throws INPUT_INVALID for a user that is neither root nor the owner
 */
export function becomeOwner(
  owner: { readonly uid: number; readonly gid: number } | null,
  self: {
    readonly uid: number;
    readonly become: (uid: number, gid: number) => void;
  },
  dataDir: string,
): void {
  if (owner === null)
    throw new LongshoreError('INPUT_INVALID', `reset the admin token: there is no data directory ${dataDir}`, {
      hint: "Name the coordinator's configuration with --config, or its data directory with --data-dir.",
    });
  if (owner.uid === self.uid) return;
  if (self.uid !== 0)
    throw new LongshoreError('INPUT_INVALID', `reset the admin token: ${dataDir} belongs to another user`, {
      hint: 'Run it as root (sudo), or as the user of the coordinator.',
    });
  self.become(owner.uid, owner.gid);
}
