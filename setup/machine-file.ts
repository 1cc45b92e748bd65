/**
 * A file that a script puts on a machine, and the shell that writes it: atomically, and only where it differs, so that
 * a second run touches nothing. The text is a quoted here-document: nothing in it is expanded.
 */

export interface MachineFile {
  readonly path: string;
  readonly mode: '0644' | '0755' | '0600';
  /** Ends with a line break. */
  readonly text: string;
}

/**
 * `write_file PATH MODE` takes its text from standard input. CHANGED_FILES lists what it changed, for those who must
 * start something again because of it; where CHANGES_FILE is set (change-functions.ts), it stands there as well.
 */
export const WRITE_FILE_FUNCTION = `CHANGED_FILES=()
CHANGES_FILE=''
# note_change PATH, before the change is made: a run that ends between the two loses nothing.
note_change() {
  CHANGED_FILES+=("$1")
  if [ -n "$CHANGES_FILE" ]; then printf '%s\\n' "$1" >>"$CHANGES_FILE"; fi
}
write_file() {
  local path=$1 mode=$2 fresh
  fresh=$(mktemp)
  cat >"$fresh"
  if [ ! -f "$path" ] || ! cmp -s "$fresh" "$path" || [ "$(stat -c %04a "$path")" != "$mode" ]; then
    mkdir -p "\${path%/*}"
    # Beside it first: only within one file system a rename is one step.
    install -m "$mode" "$fresh" "$path.new"
    sync "$path.new"
    note_change "$path"
    mv -f "$path.new" "$path"
  fi
  rm -f "$fresh"
}
`;

export function renderWriteFile(file: MachineFile): string {
  const end = endOf(file.text);
  return `write_file ${file.path} ${file.mode} <<'${end}'\n${file.text}${end}\n`;
}

/** A line that the text does not hold; a script that holds here-documents may stand in one itself. */
function endOf(text: string): string {
  const lines = new Set(text.split('\n'));
  for (let depth = 1; ; depth += 1) {
    const end = `END_OF_FILE_${depth}`;
    if (!lines.has(end)) return end;
  }
}
