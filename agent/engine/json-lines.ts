/** The engine's streams of events and progress: one JSON value a line, cut anywhere by the chunks. */

/** @throws SyntaxError for a line that is no JSON; errors of the source as they come */
export async function* jsonLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<unknown, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of source) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line);
  }
  if (rest.trim() !== '') yield JSON.parse(rest);
}
