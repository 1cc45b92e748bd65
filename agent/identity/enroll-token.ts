/**
 * Where the enrolment token comes from, and its end. Read at each use, because a person may put a new one into the file;
 * once it has bought the identity nobody needs it here.
 */
import { rm } from 'node:fs/promises';
import { problem, type Problem } from '../../fleet/errors.ts';
import type { EnrollTokenSource } from '../config.ts';
import { errnoOf, readIfThere } from '../durable-file.ts';
import type { Log } from '../log.ts';

export type FoundToken =
  { readonly kind: 'token'; readonly token: string } | { readonly kind: 'none'; readonly problem: Problem };

/** What a try to enrol brings, or why there is nothing to bring. */
export type FoundCredential =
  | FoundToken
  | { readonly kind: 'identity'; readonly identityToken: string; readonly nonce: string }
  /** The coordinator, or what proves the machine, did not answer. */
  | { readonly kind: 'unreachable'; readonly problem: Problem; readonly retryAfterMs: number | null }
  | { readonly kind: 'refused'; readonly problem: Problem };

/** @throws where the file exists and cannot be read */
export async function readEnrollToken(source: EnrollTokenSource): Promise<FoundToken> {
  switch (source.kind) {
    case 'none':
      return none(
        'this host is not enrolled and has no token',
        'Make one with `longshore enroll-token` and name its file with enroll_token_file.',
      );
    case 'value':
      return { kind: 'token', token: source.token.trim() };
    case 'file': {
      const text = (await readIfThere(source.path))?.trim() ?? '';
      if (text === '')
        return none(
          `this host is not enrolled and ${source.path} holds no token`,
          `Make one with \`longshore enroll-token\` and write it to ${source.path}.`,
        );
      // The message does not repeat the content: it may be another secret, put there by mistake.
      if (/\s/.test(text) || text.length > 256)
        return none(`${source.path} does not hold one token on one line`, 'Write the token alone into the file.');
      return { kind: 'token', token: text };
    }
  }
}

/** @returns the first token there is, or what the last source says */
export async function readFirstToken(sources: readonly EnrollTokenSource[]): Promise<FoundToken> {
  let found: FoundToken = await readEnrollToken({ kind: 'none' });
  for (const source of sources) {
    found = await readEnrollToken(source);
    if (found.kind === 'token') return found;
  }
  return found;
}

/** Call when the identity is on the disk. Where the file cannot be removed a person has to, and is told. */
export async function forgetEnrollToken(source: EnrollTokenSource, log: Log): Promise<void> {
  if (source.kind !== 'file') return;
  try {
    await rm(source.path, { force: true });
    log.info(`the enrolment token was used: ${source.path} is removed`);
  } catch (error) {
    const reason = errnoOf(error) ?? String(error);
    log.warn(`the enrolment token was used and ${source.path} cannot be removed (${reason}): remove it`);
  }
}

function none(reason: string, hint: string): FoundToken {
  return { kind: 'none', problem: problem('CONFIG_INVALID', `enrol: ${reason}`, { hint }) };
}
