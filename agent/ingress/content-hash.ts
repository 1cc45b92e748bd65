/** Names that follow from a content. Pure. */

/** FNV-1a, 64 bits, as 16 hex digits: a short name for a long text, not a proof of it. */
export function contentHash(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text))
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash.toString(16).padStart(16, '0');
}
