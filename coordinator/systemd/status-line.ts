/** The one line that systemd shows of the coordinator (STATUS). Pure. */

export interface StatusFacts {
  /** Why it is not ready; null: it is. */
  readonly notReady: string | null;
  readonly connectedHosts: number;
  readonly enrolledHosts: number;
}

export function statusLine({ notReady, connectedHosts, enrolledHosts }: StatusFacts): string {
  const hosts = `${connectedHosts} of ${enrolledHosts} ${enrolledHosts === 1 ? 'host' : 'hosts'} connected`;
  return notReady === null ? `ready; ${hosts}` : `not ready: ${notReady}; ${hosts}`;
}
