/** What an operator decides about the proxy of a host, and the fixed places inside its container. */

export interface ProxyOptions {
  /** Addresses to bind; empty: all. */
  readonly bindAddresses: readonly string[];
  /** Null: not opened. */
  readonly httpPort: number | null;
  /** Null: no TLS listener; what asks for TLS is then served in plain (something in front ends TLS). */
  readonly httpsPort: number | null;
  /** `host:port` of a listener of its own for balancers, `/.longshore/ready` on it; null: only on the others. */
  readonly healthListen: string | null;
  readonly acmeEmail: string | null;
  /** Directory URL of another certificate authority than Caddy's own default. */
  readonly acmeDirectory: string | null;
  /** There is a folder of own certificates. */
  readonly ownCertificates: boolean;
  /** Address ranges (CIDR) of proxies in front whose `X-Forwarded-*` are believed. */
  readonly trustedProxies: readonly string[];
  /** What only this host's Caddy answers to `IDENTITY_PATH`. */
  readonly identity: string;
  /** Port of the answerer on loopback. */
  readonly dnsPort: number;
}

/** Inside the container. */
export const PROXY_PATHS = {
  /** Written by the agent, read by Caddy: configuration, flags, the hold listener's socket. */
  shared: '/longshore/shared',
  config: '/longshore/shared/caddy.json',
  ready: '/longshore/shared/ready',
  epochs: '/longshore/shared/epochs',
  holdSocket: '/longshore/shared/hold.sock',
  /** Written by Caddy. */
  adminSocket: '/longshore/run/admin.sock',
  run: '/longshore/run',
  data: '/data',
  /** Copies of own certificates, each with its key. */
  certificates: '/longshore/shared/certificates',
} as const;

/** Answered by our own Caddy with `identity`, on every host name. */
export const IDENTITY_PATH = '/.longshore/host';

/** File in the ready folder that stands for the host as a whole; no app can have this name. */
export const HOST_READY_FLAG = '_host';
