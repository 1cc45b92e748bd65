/** A text as one word of a POSIX shell: as it is where nothing in it means something there, in single quotes otherwise. */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
