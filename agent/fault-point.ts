/**
 * For tests of crash safety: the process ends as by SIGKILL at a named point of the reconciler. Off unless asked for.
 * `after:create` = the first time; `after:create#3` = the third.
 */

/** @param die must not return control to the agent */
export function faultPointOf(asked: string | undefined, die: () => void): (name: string) => void {
  if (asked === undefined || asked === '') return () => undefined;
  const [wanted = '', count = '1'] = asked.split('#');
  let left = Number(count);
  return (name) => {
    if (name !== wanted) return;
    left -= 1;
    if (left === 0) die();
  };
}
