/** What the program says of itself: its usage, and problems as text for a terminal. */
import type { Problem } from '../../fleet/errors.ts';
import { flagOf, SETTINGS } from './settings.ts';

export function renderProblem({ code, message, hint, details }: Problem): string {
  const lines = details.map((detail) => {
    const place = detail.line === null ? '' : `:${detail.line}${detail.column === null ? '' : `:${detail.column}`}`;
    return `  ${detail.path}${place}: ${detail.message}`;
  });
  return [`${code}: ${message}`, ...lines, `  ${hint}`, ''].join('\n');
}

export function usage(): string {
  const rows = SETTINGS.map(({ key, help }) => `  --${flagOf(key).padEnd(22)} ${help}`);
  return [
    'longshore-coordinator [--config FILE] [settings]',
    'longshore-coordinator install ...       makes this machine the coordinator (install --help)',
    'longshore-coordinator uninstall [--purge]',
    'longshore-coordinator admin-token --reset [--config FILE | --data-dir DIR]',
    '',
    '`admin-token --reset` makes another admin token, while the coordinator is stopped.',
    'Settings stand in the file (YAML, /etc/longshore/coordinator.yaml by default), in variables (LONGSHORE_DATA_DIR)',
    'or in flags; flags win over variables, variables over the file.',
    '',
    ...rows,
    '',
  ].join('\n');
}
