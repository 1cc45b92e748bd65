/** How a machine is made a host by hand. The token is asked for by the script and stands in no command. */
import { shellQuote } from '../../fleet/shell-quote.ts';
import type { InstallView } from '../http-api/access-views.ts';

export function renderInstall({ url, sha256, trusted }: InstallView): string {
  // A root of the coordinator's own is not known to the machine yet: the checksum says that the script, which brings the
  // root, is the right one.
  const curl = trusted ? 'curl -fsSL' : 'curl -fsSLk';
  return [
    'On the machine (Debian or Ubuntu with systemd; it asks for the token, or takes --token-file FILE):',
    '',
    `  ${curl} ${shellQuote(url)} -o longshore-install.sh &&`,
    `    echo '${sha256}  longshore-install.sh' | sha256sum --check &&`,
    '    sudo bash longshore-install.sh',
    '',
  ].join('\n');
}
