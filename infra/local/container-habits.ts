/** What all containers of a local fleet have in common. */

/** Not one of the agents' labels: an agent must never take a container of the stack for its own. */
export const STACK_LABEL = 'longshore.stack';

export function stackLabel(fleet: string): { readonly label: string; readonly value: string } {
  return { label: STACK_LABEL, value: fleet };
}

export const LOG_OPTIONS = {
  logDriver: 'json-file',
  logOpts: { 'max-size': '10m', 'max-file': '3' },
} as const;
