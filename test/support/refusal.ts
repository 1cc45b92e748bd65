/** What a refusal must look like, for `t.rejects` and `t.throws`: its code, and what its message says. */
import type { ErrorCode } from '../../fleet/errors.ts';

export const refusal = (code: ErrorCode, message = /./): { readonly code: ErrorCode; readonly message: RegExp } => ({
  code,
  message,
});
