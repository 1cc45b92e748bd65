/** Of several addresses the one that leads now: the others are standbys, or away. */
import { withEitherSignal } from '../fleet/with-either-signal.ts';
import type { Credentials } from './client/api-client.ts';
import { sendRequest } from './client/send-request.ts';
import { urlBelow } from './coordinator-url.ts';

const ASK_MS = 5_000;

/** The first address that is ready; where none is, the first that answers, and else the first: its failure is then told. */
export async function leadingCoordinator(credentials: Credentials, signal: AbortSignal): Promise<Credentials> {
  const { urls = [] } = credentials;
  if (urls.length < 2) return credentials;
  let answering: string | null = null;
  for (const url of urls) {
    const status = await readiness(url, credentials, signal);
    signal.throwIfAborted();
    if (status === 200) return { ...credentials, url };
    if (status !== null) answering ??= url;
  }
  return { ...credentials, url: answering ?? credentials.url };
}

/** Null: there is no answer. */
async function readiness(url: string, { ca, variables }: Credentials, signal: AbortSignal): Promise<number | null> {
  try {
    const reply = await withEitherSignal(signal, AbortSignal.timeout(ASK_MS), (limited) =>
      sendRequest(urlBelow(url, '/readyz'), { method: 'GET', headers: {}, body: null, signal: limited, ca, variables }),
    );
    return reply.status;
  } catch {
    return null;
  }
}
