/**
 * Shell functions that remember what has changed and not yet been acted on: a run that fails between the change of a file
 * and the restart that follows from it leaves that to the next run. The list is in /run: at a boot everything starts with
 * what is there. Whoever has acted says so at once, so that runs that fail later restart nothing twice.
 */

export const CHANGE_FUNCTIONS = `CHANGES_FILE=/run/longshore-setup.changes
if [ -e "$CHANGES_FILE" ]; then mapfile -t CHANGED_FILES <"$CHANGES_FILE"; fi
# Whether one of the files named was changed, by this run or by one that failed.
changed() {
  local path
  for path in "$@"; do
    case " \${CHANGED_FILES[*]} " in *" $path "*) return 0 ;; esac
  done
  return 1
}
# settled PATH...: what follows from their change has been done.
settled() {
  local path left=()
  for path in "\${CHANGED_FILES[@]}"; do
    case " $* " in *" $path "*) ;; *) left+=("$path") ;; esac
  done
  CHANGED_FILES=("\${left[@]}")
  if [ \${#left[@]} -eq 0 ]; then
    rm -f "$CHANGES_FILE"
  else
    printf '%s\\n' "\${left[@]}" >"$CHANGES_FILE.new"
    mv -f "$CHANGES_FILE.new" "$CHANGES_FILE"
  fi
}
all_settled() { settled "\${CHANGED_FILES[@]}"; }
`;
