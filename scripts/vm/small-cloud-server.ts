/**
 * Runs inside the container of `small-cloud.ts`: the metadata server of one machine, the bucket's two calls, and DNS that
 * knows one answer. Everything it tells is in its folder, read anew at each question:
 *   metadata.json  path below computeMetadata/v1/ -> text      bucket/  the objects      requests.log  what was asked
 */
import { createSocket } from 'node:dgram';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { decode, encode, AUTHORITATIVE_ANSWER } from 'dns-packet';

const METADATA_ADDRESS = '169.254.169.254';
const NAMES = /\.googleapis\.com$|^metadata\.google\.internal$/;
const folder = process.argv[2] ?? '';
const ownAddress = networkInterfaces()['eth0']?.[0]?.address ?? '';
const token = readFileSync(path.join(folder, 'token'), 'utf8').trim();

createHttpServer((request, response) => {
  answerMetadata(request, response);
}).listen(80, METADATA_ADDRESS);
createHttpsServer(
  { cert: readFileSync(path.join(folder, 'cert.pem')), key: readFileSync(path.join(folder, 'key.pem')) },
  (request, response) => {
    void answerStorage(request, response);
  },
).listen(443, ownAddress);
answerNames();

/** As Google's: refuses a question without its header, and one that was passed on. */
function answerMetadata(request: IncomingMessage, response: ServerResponse): void {
  const asked = (request.url ?? '').replace(/^\/computeMetadata\/v1\//, '').replace(/\?.*$/, '');
  appendFileSync(path.join(folder, 'requests.log'), `metadata ${request.socket.remoteAddress ?? ''} ${asked}\n`);
  if (request.headers['metadata-flavor'] !== 'Google' || request.headers['x-forwarded-for'] !== undefined) {
    send(response, 403, 'Missing Metadata-Flavor:Google header.');
    return;
  }
  const values = JSON.parse(readFileSync(path.join(folder, 'metadata.json'), 'utf8')) as Record<string, string>;
  const value = asked.endsWith('/token')
    ? JSON.stringify({ access_token: token, expires_in: 3599, token_type: 'Bearer' })
    : values[asked];
  response.setHeader('metadata-flavor', 'Google');
  if (value === undefined) send(response, 404, '<!DOCTYPE html><title>Error 404 (Not Found)</title>');
  else send(response, 200, value);
}

async function answerStorage(request: IncomingMessage, response: ServerResponse): Promise<void> {
  appendFileSync(path.join(folder, 'requests.log'), `storage ${request.method ?? ''} ${request.url ?? ''}\n`);
  const body: Buffer[] = [];
  for await (const chunk of request) body.push(chunk as Buffer);
  if (request.headers.authorization !== `Bearer ${token}`) {
    send(response, 401, '{"error":{"code":401}}');
    return;
  }
  const url = new URL(request.url ?? '', 'https://storage.googleapis.com');
  const read = /^\/storage\/v1\/b\/[^/]+\/o\/([^/]+)$/.exec(url.pathname);
  if (request.method === 'GET' && read !== null) {
    const file = path.join(folder, 'bucket', decodeURIComponent(read[1] ?? ''));
    if (existsSync(file)) response.writeHead(200).end(readFileSync(file));
    else send(response, 404, 'No such object');
  } else if (request.method === 'POST' && url.pathname.startsWith('/upload/storage/v1/b/')) {
    const file = path.join(folder, 'bucket', url.searchParams.get('name') ?? 'without-a-name');
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, Buffer.concat(body));
    send(response, 200, '{"kind":"storage#object"}');
  } else {
    send(response, 404, 'Not Found');
  }
}

/** Knows Google's APIs, which are all this machine, and the metadata server. */
function answerNames(): void {
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    const query = decode(message);
    const answers = (query.questions ?? []).flatMap(({ name, type }) =>
      type === 'A' && NAMES.test(name)
        ? [{ type: 'A' as const, name, ttl: 5, data: name.startsWith('metadata.') ? METADATA_ADDRESS : ownAddress }]
        : [],
    );
    const reply = encode({
      type: 'response',
      id: query.id,
      flags: AUTHORITATIVE_ANSWER | (query.questions?.every(({ name }) => NAMES.test(name)) === true ? 0 : 3),
      questions: query.questions,
      answers,
    });
    socket.send(reply, from.port, from.address);
  });
  socket.bind(53, METADATA_ADDRESS);
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
}
