// Names, lengths and contents of files.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { codeWords, markdownTable } from '../support/markdown-table.ts';
import { repositoryFiles, sourceFiles } from '../support/source-tree.ts';

const longest = 300;
const all = repositoryFiles();
const files = sourceFiles();

t.test('files: none is longer than 300 lines without a reason', (t) => {
  const excused = markdownTable('docs/architecture.md', 'Long files').flatMap((row) => codeWords(row[0]));
  const long = files.filter((file) => file.lines > longest && !file.path.startsWith('test/'));

  t.same(
    long.filter((file) => !excused.includes(file.path)).map((file) => `${file.path}: ${file.lines} lines`),
    [],
  );
  t.same(
    excused.filter((file) => !long.some((found) => found.path === file)),
    [],
    'every excuse is still needed',
  );
  t.end();
});

t.test('files: names say what is inside, in kebab-case', (t) => {
  const banned = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'manager', 'misc', 'lib', 'shared', 'data']);
  const wrong = files
    .map((file) => file.path)
    .filter((file) =>
      file.split('/').some((part) => banned.has(part.replace(/\..*$/, '')) || !/^[a-z0-9.-]+$/.test(part)),
    );

  t.same(wrong, []);
  t.end();
});

t.test('files: no path of the machine they were written on', (t) => {
  // In a short folder such as /app the name would be found in text that means something else.
  const here = process.cwd();
  const home = process.env.HOME ?? '';
  const places = [here, home].filter((place) => place.length >= 8 && place.split('/').length > 2);
  const wrong = textFiles().filter(({ text }) => places.some((place) => text.includes(place)));

  t.same(
    wrong.map(({ file }) => file),
    [],
  );
  t.end();
});

t.test('files: the lock file names no host', (t) => {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { resolved?: string }>;
  };
  const wrong = Object.entries(lock.packages).filter(([, entry]) => /^[a-z+]+:\/\//.test(entry.resolved ?? ''));

  t.same(
    wrong.map(([name]) => name),
    [],
  );
  t.end();
});

t.test('files: no secrets', (t) => {
  const patterns: readonly (readonly [string, RegExp])[] = [
    ['private key', /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}/],
    ['cloud access key', /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/],
    ['cloud API key', /\bAIza[0-9A-Za-z_-]{35}\b/],
    ['forge token', /\b(?:ghp|gho|ghs|ghu|glpat|github_pat)[_-][0-9A-Za-z_-]{20,}/],
    ['chat token', /\bxox[abprs]-[0-9A-Za-z-]{10,}/],
    ['registry login', /"auth"\s*:\s*"[A-Za-z0-9+/]{16,}={0,2}"/],
    ['login in a URL', /\b[a-z]+:\/\/[^\s/:@'"`$<{]+:[^\s/@'"`$<{]{6,}@[a-z0-9.-]+\.[a-z]{2,}/],
  ];
  const wrong = textFiles().flatMap(({ file, text }) =>
    patterns.filter(([, pattern]) => pattern.test(text)).map(([name]) => `${file}: ${name}`),
  );

  t.same(wrong, []);
  t.end();
});

function textFiles(): { file: string; text: string }[] {
  return all
    .filter((file) => !/\.(png|jpg|ico|woff2?|gz|tar)$/.test(file) && path.basename(file) !== 'package-lock.json')
    .map((file) => ({ file, text: readFileSync(file, 'utf8') }));
}
