// What `npm run build` makes: one file per program, and what each leaves out.
import type { BuildOptions } from 'esbuild';
import { leaveOut } from './leave-out.ts';

/** libsql is native code and stays beside the coordinator, with what it loads. */
export const besideCoordinator: readonly string[] = ['libsql', '@libsql', '@neon-rs', 'detect-libc'];

export interface Program {
  readonly name: string;
  readonly entry: string;
  readonly output: string;
  readonly executable: boolean;
  readonly options: BuildOptions;
}

const everywhere: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  legalComments: 'none',
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
  mainFields: ['module', 'main'],
};

// CommonJS inside of an ES module still calls `require` for node's builtins.
const esm = {
  ...everywhere,
  format: 'esm',
  banner: {
    js: "import { createRequire as $createRequire } from 'node:module';const require=$createRequire(import.meta.url);",
  },
} as const satisfies BuildOptions;

const cjs = {
  ...everywhere,
  format: 'cjs',
  define: { 'import.meta.url': '$moduleUrl' },
  banner: { js: "const $moduleUrl=require('node:url').pathToFileURL(__filename).href;" },
} as const satisfies BuildOptions;

// The agent shares its host with the apps, and idles: code that is not optimised and a small nursery take 10 to 15 MB
// less, and what it does in JavaScript is little. Set before anything else runs, as flags of the command line cannot be
// counted on. Other programs keep Node's defaults.
const smallFlags = ['--no-opt', '--optimize-for-size', '--max-semi-space-size=1'];
const small = smallFlags.map((flag) => `$v8.setFlagsFromString('${flag}');`).join('');

export const programs: readonly Program[] = [
  {
    name: 'agent',
    entry: 'agent/main.ts',
    // CommonJS, because that is what Node's single executables take.
    output: 'dist/longshore-agent.cjs',
    executable: false,
    // Minified for the memory of a host: parsed source stays in the heap.
    options: {
      ...cjs,
      minifySyntax: true,
      minifyWhitespace: true,
      plugins: [leaveOut],
      banner: { js: `${cjs.banner.js}const $v8=require('node:v8');${small}` },
    },
  },
  {
    name: 'coordinator',
    entry: 'coordinator/main.ts',
    output: 'dist/longshore-coordinator.mjs',
    executable: false,
    options: { ...esm, external: ['libsql'] },
  },
  {
    name: 'store worker',
    entry: 'coordinator/store/sqlite-worker.ts',
    output: 'dist/sqlite-worker.mjs',
    executable: false,
    options: { ...esm, external: ['libsql'] },
  },
  {
    name: 'command line',
    entry: 'cli/main.ts',
    output: 'dist/longshore.mjs',
    executable: true,
    // `--`, or Node takes `--env-file` for itself, wherever it is in argv.
    options: { ...esm, plugins: [leaveOut], banner: { js: `#!/usr/bin/env -S node --\n${esm.banner.js}` } },
  },
];
