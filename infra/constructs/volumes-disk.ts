/** Google's name for the disk of named volumes inside of a machine: /dev/disk/by-id/google-longshore-volumes. */
export const VOLUMES_DEVICE = 'longshore-volumes';
