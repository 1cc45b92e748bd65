/**
 * Shell functions of data disks. A disk is formatted only when it is provably empty: blkid finds neither a signature
 * nor a partition table, and where those stand the disk could be read and is zeros. It is mounted by UUID, so that the
 * order of devices means nothing, and a mark file says that what is mounted is ours: a service that finds no mark does not
 * start on the wrong disk.
 */

export const DISK_MARK = '.longshore-disk';

export const DISK_FUNCTIONS = `DISK_MARK=${DISK_MARK}
# reads_as_zeros DEVICE: its first and its last MiB, where every signature stands. blkid's answer for "nothing there" is
# also its answer for "could not be read".
reads_as_zeros() {
  local size mib=1048576
  size=$(blockdev --getsize64 "$1") && [ "$size" -ge "$mib" ] &&
    cmp -s -n "$mib" "$1" /dev/zero && cmp -s -n "$mib" -i "$((size - mib)):0" "$1" /dev/zero
}
# data_disk DEVICE FOLDER: DEVICE is mounted at FOLDER and bears the mark. What is mounted already stays.
data_disk() {
  local device=$1 folder=$2 code=0 uuid
  mkdir -p "$folder"
  if ! mountpoint -q "$folder"; then
    [ -e "$device" ] || fail "disk: $device is not attached"
    blkid -p "$device" >/dev/null 2>&1 || code=$?
    case $code in
      0) ;;
      2)
        reads_as_zeros "$device" ||
          fail "disk: $device has no file system, but could not be read or is not empty; it is not touched (to give it up: blkdiscard -z $device)"
        log "disk: $device is empty; making a file system"
        mkfs.ext4 -q -m 0 "$device"
        ;;
      *) fail "disk: what is on $device cannot be told (blkid: $code); it is not touched" ;;
    esac
    uuid=$(blkid -p -s UUID -o value "$device") || true
    [ -n "$uuid" ] || fail "disk: $device has no file system but is not empty either; it is not touched"
    # nofail: a machine whose disk is gone still boots, and says what is missing.
    mount_entry "$folder" "UUID=$uuid $folder ext4 defaults,nofail,discard,x-systemd.device-timeout=30s 0 2"
    mount "UUID=$uuid" "$folder" 2>/dev/null || mount "$device" "$folder" || fail "disk: could not mount $device"
  fi
  whole_disk "$folder"
  if [ ! -e "$folder/$DISK_MARK" ]; then
    [ -z "$(find "$folder" -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit)" ] ||
      fail "disk: $folder holds data that is not Longshore's; if it is, say so with: touch $folder/$DISK_MARK"
    touch "$folder/$DISK_MARK"
  fi
}
# whole_disk FOLDER: the file system that is mounted there takes all of a disk that was made bigger, at once and in use.
whole_disk() {
  local device said
  [ "$(findmnt -n -o FSTYPE --mountpoint "$1")" = ext4 ] || return 0
  device=$(findmnt -n -o SOURCE --mountpoint "$1")
  said=$(resize2fs "$device" 2>&1) ||
    log "disk: $device could not be enlarged to its whole size, the data stays usable: \${said##*$'\\n'}"
}
# mount_entry FOLDER LINE: the line of /etc/fstab for that folder.
mount_entry() {
  local rest
  ! grep -qxF "$2" /etc/fstab || return 0
  rest=$(awk -v folder="$1" '$2 != folder' /etc/fstab)
  write_file /etc/fstab 0644 <<<"$rest
$2"
  systemctl daemon-reload
}
`;

/**
 * The disk of a pool with named volumes outlives its machine: on it are Docker's volumes and the agent's memory, whose
 * identity the volumes' names hold. Docker and the agent do not start without it.
 */
export const VOLUMES_DISK_FUNCTIONS = `VOLUMES_DISK=/var/lib/longshore-disk
volumes_disk() {
  local device=$1 name folder
  if [ ! -e "$device" ] && [ ! -e /etc/systemd/system/docker.service.d/longshore-disk.conf ]; then return 0; fi
  data_disk "$device" "$VOLUMES_DISK"
  for name in docker/volumes longshore-agent; do
    folder=/var/lib/$name
    mkdir -p "$VOLUMES_DISK/$name" "$folder"
    chmod 700 "$VOLUMES_DISK/$name"
    touch "$VOLUMES_DISK/$name/$DISK_MARK"
    mount_entry "$folder" "$VOLUMES_DISK/$name $folder none bind,nofail,x-systemd.requires-mounts-for=$VOLUMES_DISK 0 0"
    mountpoint -q "$folder" && continue
    # Whoever has opened what the mount hides would go on with that.
    systemctl stop longshore-agent.service docker.socket docker.service 2>/dev/null || true
    mount --bind "$VOLUMES_DISK/$name" "$folder"
  done
  disk_needed docker.service /var/lib/docker/volumes
  disk_needed longshore-agent.service /var/lib/longshore-agent
}
# disk_needed UNIT FOLDER
disk_needed() {
  write_file "/etc/systemd/system/$1.d/longshore-disk.conf" 0644 <<<"[Unit]
RequiresMountsFor=$2
AssertPathExists=$2/$DISK_MARK"
  if changed "/etc/systemd/system/$1.d/longshore-disk.conf"; then systemctl daemon-reload; fi
}
`;
