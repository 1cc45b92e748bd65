// The example app over real sockets: what it answers, what it refuses, and how it stops.
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { parseWordcountConfig } from '../../../examples/wordcount/config.ts';
import { createWordcountService } from '../../../examples/wordcount/service.ts';

async function start(t: Test, env: Record<string, string> = {}) {
  const service = createWordcountService(parseWordcountConfig({ WORDCOUNT_VERSION: '7', ...env }));
  service.server.listen(0, '127.0.0.1');
  await once(service.server, 'listening');
  const { port } = service.server.address() as AddressInfo;
  t.teardown(() => {
    service.server.closeAllConnections();
    service.server.close();
  });
  return { service, port, url: `http://127.0.0.1:${port}` };
}

function form(name: string, content: string | Uint8Array<ArrayBuffer>): FormData {
  const data = new FormData();
  data.append('file', new Blob([content], { type: 'text/plain' }), name);
  return data;
}

const html = { accept: 'text/html' };
const text = { 'content-type': 'text/plain; charset=utf-8' };

t.test('wordcount: GET /count is an upload form that shows the version', async (t) => {
  const { url } = await start(t);
  const answer = await fetch(`${url}/count`);
  const page = await answer.text();

  t.equal(answer.status, 200);
  t.match(page, /<input[^>]+type="file"/);
  t.match(page, /wordcount 7/);
});

t.test('wordcount: a form with a file gives a page to a browser and JSON to a program', async (t) => {
  const { url } = await start(t);
  const page = await fetch(`${url}/count`, {
    method: 'POST',
    body: form('a.txt', 'one a<b>c two\n'),
    headers: html,
  });
  const json = await fetch(`${url}/count`, { method: 'POST', body: form('a.txt', 'one two\nTwo') });

  t.match(page.headers.get('content-type'), /^text\/html/);
  const shown = await page.text();
  t.match(shown, '<dd>3</dd>');
  t.match(shown, 'a&lt;b&gt;c');
  t.notMatch(shown, 'a<b>c');
  t.match(await json.json(), { file: 'a.txt', words: 3, lines: 2, frequent: [{ word: 'two', count: 2 }] });
});

t.test('wordcount: plain text as the body counts, and an empty file is 0', async (t) => {
  const { url } = await start(t);
  const plain = await fetch(`${url}/count`, { method: 'POST', body: 'a b c', headers: text });
  const empty = await fetch(`${url}/count`, { method: 'POST', body: form('empty.txt', '') });

  t.match(await plain.json(), { words: 3, lines: 1, exact: true });
  t.match(await empty.json(), { words: 0, lines: 0, frequent: [] });
});

t.test('wordcount: says what is wrong with a request, with the right status', async (t) => {
  const { url } = await start(t, { WORDCOUNT_MAX_BYTES: '100000' });
  const several = form('a.txt', 'a');
  several.append('file', new Blob(['b']), 'b.txt');
  const cases: readonly (readonly [string, RequestInit, number, string])[] = [
    ['no body', {}, 400, 'no-file'],
    ['a form without a file', { body: new FormData() }, 400, 'no-file'],
    ['a form in which no file was chosen', { body: form('', '') }, 400, 'no-file'],
    ['several files', { body: several }, 400, 'several-files'],
    ['another kind of file', { body: form('a.pdf', 'a') }, 415, 'not-text'],
    ['binary content', { body: form('a.txt', 'a\u0000b') }, 415, 'not-text'],
    ['no UTF-8', { body: form('a.txt', new Uint8Array([0x61, 0xe4, 0x20])) }, 415, 'not-utf-8'],
    ['UTF-8 cut in a character', { body: form('a.txt', new Uint8Array([0x61, 0xc3])) }, 415, 'not-utf-8'],
    ['another charset', { body: 'a', headers: { 'content-type': 'text/plain; charset=latin1' } }, 415, 'not-utf-8'],
    ['another type', { body: '{}', headers: { 'content-type': 'application/json' } }, 415, 'wrong-type'],
    ['no boundary', { body: 'a', headers: { 'content-type': 'multipart/form-data' } }, 400, 'broken-form'],
    [
      'half a form',
      { body: '--x\r\n', headers: { 'content-type': 'multipart/form-data; boundary=x' } },
      400,
      'broken-form',
    ],
    ['too large, by its length', { body: 'a '.repeat(200_000), headers: text }, 413, 'too-large'],
    ['too large, in a form', { body: form('a.txt', 'a '.repeat(60_000)) }, 413, 'too-large'],
  ];

  for (const [title, init, status, code] of cases) {
    const answer = await fetch(`${url}/count`, { method: 'POST', ...init });
    t.match({ status: answer.status, body: await answer.json() }, { status, body: { code, message: String } }, title);
  }
  const page = await fetch(`${url}/count`, { method: 'POST', body: form('a.pdf', 'a'), headers: html });
  t.match(await page.text(), 'role="alert"', 'a browser gets it as a page');
  t.equal((await fetch(`${url}/nothing`)).status, 404);
  const wrong = await fetch(`${url}/count`, { method: 'DELETE' });
  t.match({ status: wrong.status, allow: wrong.headers.get('allow') }, { status: 405, allow: 'GET, HEAD, POST' });
});

t.test('wordcount: an upload of unknown length is stopped at the limit', async (t) => {
  const { url } = await start(t, { WORDCOUNT_MAX_BYTES: '100000' });
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(Buffer.from('word '.repeat(2_000)));
    },
  });
  const answer = await fetch(`${url}/count`, { method: 'POST', body, headers: text, duplex: 'half' });

  t.equal(answer.status, 413);
});

t.test('wordcount: a client that asks first is told before it sends', async (t) => {
  const { port } = await start(t, { WORDCOUNT_MAX_BYTES: '1000' });
  const socket = net.connect(port, '127.0.0.1');
  socket.write(
    'POST /count HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: 999999\r\nexpect: 100-continue\r\n\r\n',
  );
  const [first] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();

  t.match(first.toString(), /^HTTP\/1\.1 413 /);
});

t.test('wordcount: a client that goes away in the middle harms nobody', async (t) => {
  const { port, url } = await start(t);
  const socket = net.connect(port, '127.0.0.1');
  socket.write('POST /count HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: 9999\r\n\r\nhalf a');
  await once(socket, 'connect');
  socket.destroy();

  t.equal((await fetch(`${url}/healthz`)).status, 200);
});

t.test('wordcount: /healthz tells, and can be told never to get healthy', async (t) => {
  const good = await start(t);
  const bad = await start(t, { WORDCOUNT_UNHEALTHY: '1' });

  t.match(await (await fetch(`${good.url}/healthz`)).json(), { status: 'ok', version: '7' });
  t.equal((await fetch(`${bad.url}/healthz`)).status, 503);
});

t.test('wordcount: stopping finishes what is under way', async (t) => {
  const { port, service } = await start(t);
  const socket = net.connect(port, '127.0.0.1');
  const received = once(service.server, 'request');
  socket.write('POST /count HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: 9\r\n\r\none ');
  await received;
  const stopped = service.stop();
  socket.write('two 3');
  const [answer] = (await once(socket, 'data')) as [Buffer];

  t.match(answer.toString(), /^HTTP\/1\.1 200 /);
  t.match(answer.toString(), '"words":3');
  await stopped;
});
