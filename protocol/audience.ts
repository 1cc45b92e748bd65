/**
 * What an agent's signature is bound to: the coordinator's address as the agent was told it, in one spelling.
 * The agent signs over the address that it dialled; the coordinator accepts only an address that its own
 * configuration names (never what a Host header says). So a proof that was given to another address, by a wrong DNS
 * answer or a man in the middle, opens nothing here.
 *
 * The coordinator offers, in `challenge`, that one of its configured addresses which the connection was made to, and
 * otherwise its first; an agent that dialled another address says so and does not sign.
 */

/**
 * `wss://host[:port]`, lower-case, default ports and paths left out; `https` counts as `wss`, `http` as `ws`.
 * @returns null where the text is no URL of these four schemes
 */
export function audienceOf(url: string): string | null {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || parsed.host === '') return null;
  switch (parsed.protocol) {
    case 'wss:':
    case 'https:':
      return `wss://${parsed.host}`;
    case 'ws:':
    case 'http:':
      return `ws://${parsed.host}`;
    default:
      return null;
  }
}
