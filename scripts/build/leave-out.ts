// Parts of dependencies that Longshore never reaches, replaced by a module that says so when it is reached after all:
// dockerode's BuildKit session (gRPC, protobuf: 3 MB), Docker over SSH (native code), and zod's messages in forty
// languages, of which the English ones are imported apart.
import type { Plugin } from 'esbuild';

const unused = /^(@grpc\/grpc-js|@grpc\/proto-loader|protobufjs|ssh2|cpu-features)$/;

export const leaveOut: Plugin = {
  name: 'leave-out',
  setup(build) {
    build.onResolve({ filter: /^\.\.\/locales\/index\.js$/ }, ({ importer }) =>
      importer.includes('/node_modules/zod/') ? { path: 'zod-locales', namespace: 'left-out-empty' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'left-out-empty' }, () => ({ contents: 'export {};', loader: 'js' }));
    build.onResolve({ filter: unused }, ({ path }) => ({ path, namespace: 'left-out' }));
    build.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({
      // A function, because these modules are only loaded at the start and not used: using one is what must fail.
      contents: `const refuse = function () { throw new Error(${JSON.stringify(`${path} is not part of this build`)}) };
        module.exports = new Proxy({}, { get: () => refuse });`,
      loader: 'js',
    }));
  },
};
