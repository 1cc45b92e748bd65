/**
 * Starts a TypeScript program of the infrastructure: `node infra/launch.mjs ENTRY ARGUMENTS`. It is bundled into one
 * file in .cache/ whenever one of its sources changed, because what takes the time of a synthesis is otherwise finding,
 * reading and translating some hundred modules, megabytes of them Google's. Plain JavaScript: it runs before anything
 * that translates.
 */
import { mkdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';

const root = path.resolve(import.meta.dirname, '..');
const entry = argv[2] ?? '';
const source = path.resolve(entry);
const name = path.relative(root, source).replaceAll(/[^a-zA-Z0-9]+/g, '-');
const bundle = path.join(root, '.cache/infra', `${name}.mjs`);
const inputs = path.join(root, '.cache/infra', `${name}.json`);

/** `folderInCheckout`: looked up when it runs, since a checkout may be moved or copied with its cache. */
const BANNER = `
import { createRequire } from 'node:module';
import { fileURLToPath as pathOfUrl } from 'node:url';
const require = createRequire(import.meta.url);
const folderInCheckout = (name) => pathOfUrl(new URL('../../' + name, import.meta.url));
`;

if (!isFresh()) await build();
// The program finds its arguments where it would have them without this one.
argv.splice(1, 2, source);
await import(pathToFileURL(bundle).href);

/** Whether no source of the bundle is newer than it. What a package holds changes only with the lock file. */
function isFresh() {
  try {
    const since = statSync(bundle).mtimeMs;
    return JSON.parse(readFileSync(inputs, 'utf8')).every((file) => statSync(path.join(root, file)).mtimeMs < since);
  } catch {
    return false;
  }
}

async function build() {
  const { build: esbuild } = await import('esbuild');
  const startedAt = new Date();
  const { outputFiles, metafile } = await esbuild({
    absWorkingDir: root,
    entryPoints: [source],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    outfile: bundle,
    write: false,
    metafile: true,
    logLevel: 'warning',
    legalComments: 'none',
    banner: { js: BANNER },
    plugins: [{ name: 'own-folder', setup: keepFolders }],
  });
  mkdirSync(path.dirname(bundle), { recursive: true });
  const own = Object.keys(metafile.inputs).filter((file) => !file.startsWith('node_modules/'));
  put(inputs, JSON.stringify([...own, 'package-lock.json', 'infra/launch.mjs']));
  put(bundle, outputFiles[0].text, startedAt);
}

/** A module still knows the folder that its source is in. */
function keepFolders(builder) {
  builder.onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
    if (file.includes('/node_modules/')) return undefined;
    const text = readFileSync(file, 'utf8');
    const folder = JSON.stringify(encodeURI(path.relative(root, path.dirname(file))));
    return { loader: 'ts', contents: text.replaceAll('import.meta.dirname', `folderInCheckout(${folder})`) };
  });
}

/** Renamed into place, for others that run at the same time; as old as the moment in which its sources were read. */
function put(file, text, time = undefined) {
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, text);
  if (time !== undefined) utimesSync(fresh, time, time);
  renameSync(fresh, file);
}
