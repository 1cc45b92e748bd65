/**
 * cdktf notes, for each of thousands of tokens, where in the source it was made, and formats that note at once: a third
 * of the time of a synthesis, for text that only its own errors would show. While `act` runs, only real errors get a
 * trace.
 */
export function withoutTraces<Result>(act: () => Result): Result {
  const usual = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  Error.prepareStackTrace = (about: unknown, frames) =>
    about instanceof Error ? [String(about), ...frames.map(renderFrame)].join('\n') : '';
  try {
    return act();
  } finally {
    if (usual === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Object.defineProperty(Error, 'prepareStackTrace', usual);
  }
}

function renderFrame(frame: NodeJS.CallSite): string {
  const place = `${frame.getFileName() ?? '(native)'}:${frame.getLineNumber() ?? 0}:${frame.getColumnNumber() ?? 0}`;
  return `    at ${frame.getFunctionName() ?? '(anonymous)'} (${place})`;
}
