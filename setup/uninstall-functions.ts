/** Shell functions of both uninstalls. Agent and coordinator of one machine share the folder of programs. */

export const FOLDER_FUNCTION = `PROGRAMS=/usr/local/lib/longshore
# remove_programs FILE: the versions of the program that has this file.
remove_programs() {
  local folder
  for folder in "$PROGRAMS"/*/; do
    if [ -e "$folder$1" ]; then rm -rf "$folder"; fi
  done
  rm -rf "$PROGRAMS"/.new.*
  rmdir --ignore-fail-on-non-empty "$PROGRAMS" 2>/dev/null || true
}
# remove_folder FOLDER: a mount point stays, empty.
remove_folder() {
  if mountpoint -q "$1"; then
    find "$1" -mindepth 1 -delete
  else
    rm -rf "$1"
  fi
}
`;
