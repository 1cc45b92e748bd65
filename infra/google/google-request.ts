/**
 * HTTP to Google the way Terraform's provider speaks it: through the proxy that the variables name (Node's own fetch
 * ignores it), and with the same further certificates. One try; the caller says what a failure means.
 */
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { EnvHttpProxyAgent, fetch } from 'undici';

const TIME_LIMIT_MS = 15_000;

export interface GoogleAnswer {
  readonly status: number;
  /** Null where it was no JSON. */
  readonly body: unknown;
}

export interface GoogleCall {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** @throws where there is no answer */
export type GoogleRequest = (call: GoogleCall) => Promise<GoogleAnswer>;

export function createGoogleRequest(variables: Readonly<Record<string, string | undefined>>): GoogleRequest {
  const httpsProxy = variables['HTTPS_PROXY'] ?? variables['https_proxy'];
  const httpProxy = variables['HTTP_PROXY'] ?? variables['http_proxy'];
  const noProxy = variables['NO_PROXY'] ?? variables['no_proxy'];
  const file = variables['SSL_CERT_FILE'] ?? '';
  const tls = file === '' ? {} : { ca: [...rootCertificates, readFileSync(file, 'utf8')] };
  const dispatcher = new EnvHttpProxyAgent({
    ...(httpsProxy === undefined ? {} : { httpsProxy }),
    ...(httpProxy === undefined ? {} : { httpProxy }),
    ...(noProxy === undefined ? {} : { noProxy }),
    connect: tls,
    requestTls: tls,
  });
  return async ({ method, url, headers, body }) => {
    const controller = new AbortController();
    const timer = setTimeout(
      () => controller.abort(new Error(`no answer within ${TIME_LIMIT_MS / 1000} s`)),
      TIME_LIMIT_MS,
    );
    try {
      const response = await fetch(url, {
        method,
        headers,
        dispatcher,
        signal: controller.signal,
        ...(body === undefined ? {} : { body }),
      });
      const text = await response.text();
      return { status: response.status, body: parseJson(text) };
    } finally {
      clearTimeout(timer);
    }
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** undici wraps what really happened. */
export function failureReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
