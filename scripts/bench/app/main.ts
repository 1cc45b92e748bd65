// The app that benches ship: small, quick to start, says which version answers, takes uploads, and echoes over a
// websocket. It warms itself before it says that it is healthy, as an app under load should.
import { createServer, request, type IncomingMessage } from 'node:http';
import { acceptKey, echoFrames } from './websocket-echo.ts';

const version = process.env.BENCH_VERSION ?? '';
const port = 8080;
const warmUps = 40;
let isWarm = false;

const server = createServer({ keepAliveTimeout: 620_000 }, (incoming, answer) => {
  if (incoming.url === '/healthz' && !isWarm) {
    answer.writeHead(503).end('warming up\n');
    return;
  }
  let bytes = 0;
  incoming.on('data', (chunk: Buffer) => (bytes += chunk.length));
  incoming.once('end', () => {
    answer.writeHead(200, { 'content-type': 'application/json', 'x-version': version });
    answer.end(`${JSON.stringify({ version, method: incoming.method, bytes })}\n`);
  });
});

server.on('upgrade', (incoming: IncomingMessage, socket) => {
  const accept = acceptKey(incoming.headers['sec-websocket-key'] ?? '');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.on('error', () => socket.destroy());
  echoFrames(socket);
});

server.listen(port, '0.0.0.0', () => {
  void warmUp().then(() => {
    isWarm = true;
  });
});

// In order: what is under way is answered, then it ends by itself.
process.once('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});

async function warmUp(): Promise<void> {
  for (let number = 0; number < warmUps; number += 1) await once(number % 2 === 0 ? 'GET' : 'POST');
}

function once(method: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sending = request({ host: '127.0.0.1', port, path: '/', method, agent: false }, (answer) => {
      answer.resume();
      answer.once('end', resolve);
    });
    sending.once('error', reject);
    sending.end(method === 'POST' ? 'a few words' : undefined);
  });
}
