// `forget-host.ts VOLUME IMAGE`: removes what the agent whose data is in VOLUME has made on this engine (containers,
// networks, volumes of apps, names of images). Run by Terraform when the host of a local fleet is destroyed, after its
// agent. IMAGE is any that can read the volume.
import { execFileSync } from 'node:child_process';
import { openDocker } from '../engine/open-docker.ts';
import { removeImages, removeLabelled } from '../engine/remove-labelled.ts';

const [volume = '', image = ''] = process.argv.slice(2);
const host = hostOf(volume, image);
if (host === null) console.log(`${volume}: no host was enrolled here, nothing to remove`);
else {
  const docker = openDocker();
  await removeLabelled(docker, `longshore.host=${host}`);
  await removeImages(docker, [`longshore.local/${host}/*/*`, `longshore.local/${host}/*`]);
  console.log(`${volume}: what host ${host} made is gone`);
}

function hostOf(volume: string, image: string): string | null {
  const text = execFileSync(
    'docker',
    [
      ...['run', '--rm', '--network', 'none', '-v', `${volume}:/host:ro`, image],
      ...['sh', '-c', 'cat /host/identity.json 2>/dev/null || true'],
    ],
    { encoding: 'utf8' },
  );
  if (text.trim() === '') return null;
  const identity = JSON.parse(text) as { readonly enrolled: { readonly host: string } | null };
  return identity.enrolled?.host ?? null;
}
