// A 1 GiB upload may not need more than 50 MiB, neither of ordinary text nor of words that never repeat.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import t, { type Test } from 'tap';
import { buildWordcount } from '../../../scripts/build/wordcount.ts';

const mebibyte = 1024 * 1024;
const allowedGrowth = 50 * mebibyte;
const skip = process.platform === 'linux' ? false : 'reads /proc';

t.test('wordcount: 1 GiB of ordinary text stays within 50 MiB', { skip }, async (t) => {
  const piece = Buffer.from('The quick brown fox jumps over the lazy dog, and so on.\n'.repeat(1_200));

  await checkGrowth(t, 1024 * mebibyte, () => piece);
});

t.test('wordcount: words that never repeat stay within 50 MiB', { skip }, async (t) => {
  let next = 0;
  const words = (): Buffer => {
    const list = Array.from({ length: 8_000 }, () => `w${Math.imul((next += 1), 2_654_435_761).toString(36)}`);
    return Buffer.from(`${list.join(' ')} `);
  };

  await checkGrowth(t, 64 * mebibyte, words);
});

async function checkGrowth(t: Test, bytes: number, piece: () => Buffer): Promise<void> {
  await buildWordcount();
  // As in the Dockerfile.
  const flags = ['--max-old-space-size=64', '--max-semi-space-size=1'];
  const child = spawn(process.execPath, [...flags, 'examples/wordcount/dist/server.mjs'], {
    env: { PATH: process.env.PATH, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const port = await listeningPort(child);
  const before = residentBytes(child, 'VmRSS');
  const counts = await upload(port, bytes, piece);
  const growth = residentBytes(child, 'VmHWM') - before;

  t.ok(counts.words > 0);
  t.comment(`grew by ${Math.round(growth / mebibyte)} MiB for ${Math.round(bytes / mebibyte)} MiB`);
  t.ok(growth < allowedGrowth, `grew by ${growth} bytes`);
}

async function listeningPort(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new Error('no output to read the port from');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return (JSON.parse(line) as { port: number }).port;
}

async function upload(port: number, bytes: number, piece: () => Buffer): Promise<{ readonly words: number }> {
  const post = request({
    port,
    host: '127.0.0.1',
    path: '/count',
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
  });
  const answered = once(post, 'response') as Promise<[Readable]>;
  function* pieces(): Generator<Buffer> {
    for (let sent = 0; sent < bytes;) {
      const next = piece();
      sent += next.length;
      yield next;
    }
  }
  await pipeline(Readable.from(pieces()), post);
  const [answer] = await answered;
  return JSON.parse(Buffer.concat(await answer.toArray()).toString()) as { words: number };
}

function residentBytes(child: ChildProcess, key: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8');
  return Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1]) * 1024;
}
