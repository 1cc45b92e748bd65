// The part of postject that scripts/build-sea.ts calls; the package brings no types.
declare module 'postject' {
  export function inject(
    executable: string,
    resource: string,
    data: Buffer,
    options: { readonly sentinelFuse: string },
  ): Promise<void>;
}
