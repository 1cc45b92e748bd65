// The example's app file stays one that Longshore takes.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { loadAppFile } from '../../../../compose/load-app-file.ts';

function load(...files: string[]) {
  return loadAppFile({
    files,
    readFile: (path) => {
      try {
        return { text: readFileSync(path, 'utf8') };
      } catch {
        return null;
      }
    },
    environment: { WORDCOUNT_VERSION: '3', WORDCOUNT_IMAGE: 'registry.example/wordcount' },
  });
}

const folder = 'examples/wordcount';

t.test('wordcount compose.yaml: loads without a warning', (t) => {
  const loaded = load(`${folder}/compose.yaml`);

  t.same(loaded.warnings, []);
  t.match(loaded, {
    ok: true,
    spec: {
      name: 'wordcount',
      services: { web: { image: { reference: 'registry.example/wordcount:3' }, order: 'start-first' } },
    },
    builds: [{ service: 'web', context: folder, args: { WORDCOUNT_VERSION: '3' } }],
  });
  t.end();
});

t.test('wordcount compose.broken.yaml: only makes it unhealthy', (t) => {
  const loaded = load(`${folder}/compose.yaml`, `${folder}/compose.broken.yaml`);

  t.match(loaded, { ok: true, spec: { services: { web: { environment: { WORDCOUNT_UNHEALTHY: '1' } } } } });
  t.end();
});
