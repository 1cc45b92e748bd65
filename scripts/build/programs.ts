// What `npm run build` makes: one file per program, and what each leaves out.
import type { BuildOptions } from 'esbuild';
import { leaveOut } from './leave-out.ts';

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
const esm: BuildOptions = {
  ...everywhere,
  format: 'esm',
  banner: {
    js: "import { createRequire as $createRequire } from 'node:module';const require=$createRequire(import.meta.url);",
  },
};

const cjs: BuildOptions = {
  ...everywhere,
  format: 'cjs',
  define: { 'import.meta.url': '$moduleUrl' },
  banner: { js: "const $moduleUrl=require('node:url').pathToFileURL(__filename).href;" },
};

export const programs: readonly Program[] = [
  {
    name: 'agent',
    entry: 'agent/main.ts',
    // CommonJS, because that is what Node's single executables take.
    output: 'dist/longshore-agent.cjs',
    executable: false,
    // Minified for the memory of a host: parsed source stays in the heap.
    options: { ...cjs, minifySyntax: true, minifyWhitespace: true, plugins: [leaveOut] },
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
    options: { ...esm, plugins: [leaveOut] },
  },
];
