/** `1 host`, `3 hosts`: a number with its noun, so that no text says "1 hosts". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
