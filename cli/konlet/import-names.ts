/** Names that fit the app file and fleet.yaml, made from those of VMs and disks. Pure. */

/** Of an app and its service: at most 40 of a-z, 0-9, `-`, `_`. */
export function appNameFrom(text: string): string {
  return fit(text, 40, 'app');
}

/** Of a pool: at most 20 of a-z, 0-9 and single dashes, beginning with a letter. `coordinator` is taken. */
export function poolNameFrom(text: string): string {
  const name = fit(text, 20, 'pool').replace(/^[^a-z]+/, '');
  return name === '' || name === 'coordinator' ? 'pool' : name;
}

export function volumeNameFrom(text: string): string {
  return fit(text, 40, 'data');
}

function fit(text: string, length: number, otherwise: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, length)
    .replace(/-+$/, '');
  return name === '' ? otherwise : name;
}
