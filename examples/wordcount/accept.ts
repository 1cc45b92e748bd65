// Page or JSON: a page for who asks for text/html before JSON (browsers), JSON for everybody else (curl, programs).

export function prefersPage(accept: string | undefined): boolean {
  const html = quality(accept, 'text/html');
  return html > 0 && html >= quality(accept, 'application/json');
}

function quality(accept: string | undefined, type: string): number {
  for (const part of (accept ?? '').split(',')) {
    const [name = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    if (name !== type) continue;
    const given = parameters.find((parameter) => parameter.startsWith('q='));
    return given === undefined ? 1 : Number(given.slice(2)) || 0;
  }
  return 0;
}
