/**
 * A registry on loopback that answers as a test wants it: it passes requests on to the real one, and before that may
 * want a login, refuse, be broken, or hold a layer back.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answer =
  | { readonly kind: 'pass' }
  /** Basic login. */
  | { readonly kind: 'login'; readonly username: string; readonly password: string }
  | { readonly kind: 'status'; readonly status: number; readonly code: string }
  /** Layers are begun and never end. */
  | { readonly kind: 'stall' };

export interface GatedRegistry {
  /** 127.0.0.1:PORT */
  readonly host: string;
  readonly requests: readonly string[];
  answer: Answer;
  close(): Promise<void>;
}

export async function gatedRegistry(upstream: string): Promise<GatedRegistry> {
  const requests: string[] = [];
  const state: { answer: Answer } = { answer: { kind: 'pass' } };
  const server = http.createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    const { answer } = state;
    if (answer.kind === 'login') {
      const wanted = `Basic ${Buffer.from(`${answer.username}:${answer.password}`).toString('base64')}`;
      if (request.headers.authorization !== wanted) {
        refuse(response, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="gate"' });
        return;
      }
    }
    const isContent = request.url !== '/v2/';
    if (answer.kind === 'status' && isContent) {
      refuse(response, answer.status, answer.code, {});
      return;
    }
    const onward = http.request(
      `http://${upstream}${request.url ?? ''}`,
      { method: request.method ?? 'GET', headers: { ...request.headers, host: upstream, authorization: '' } },
      (found) => {
        response.writeHead(found.statusCode ?? 502, found.headers);
        const isLayer =
          request.url?.includes('/blobs/') === true && Number(found.headers['content-length'] ?? 0) > 10_000;
        if (answer.kind === 'stall' && isLayer) response.write('x');
        else found.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    requests,
    get answer() {
      return state.answer;
    },
    set answer(answer: Answer) {
      state.answer = answer;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function refuse(
  response: http.ServerResponse,
  status: number,
  code: string,
  headers: Readonly<Record<string, string>>,
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] }));
}
