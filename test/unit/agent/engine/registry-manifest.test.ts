import t from 'tap';
import { manifestSchema, pickManifest } from '../../../../agent/engine/registry-manifest.ts';

const entry = (digest: string, architecture: string, variant?: string) => ({
  digest,
  size: 1,
  platform: { os: 'linux', architecture, ...(variant === undefined ? {} : { variant }) },
});

t.test('pickManifest: the entry of the platform, with its variant where one is asked for', (t) => {
  const entries = [
    entry('amd', 'amd64'),
    entry('v6', 'arm', 'v6'),
    entry('v7', 'arm', 'v7'),
    { digest: 'attestation', size: 1, platform: { os: 'unknown', architecture: 'unknown' } },
    { digest: 'bare', size: 1 },
  ];

  t.equal(pickManifest(entries, 'linux/amd64')?.digest, 'amd');
  t.equal(pickManifest(entries, 'linux/arm/v7')?.digest, 'v7');
  t.equal(pickManifest(entries, 'linux/arm64'), null);
  t.end();
});

t.test('manifestSchema: an image and an index are told apart', (t) => {
  const image = { schemaVersion: 2, config: { digest: 'c', size: 1 }, layers: [{ digest: 'l', size: 2 }] };

  t.ok('layers' in manifestSchema.parse(image));
  t.ok('manifests' in manifestSchema.parse({ schemaVersion: 2, manifests: [entry('amd', 'amd64')] }));
  t.throws(() => manifestSchema.parse({ schemaVersion: 1, fsLayers: [] }));
  t.end();
});
