/** The few pages that the proxy itself shows. Self-contained: no request, no script, light and dark. Pure. */

export interface Page {
  readonly status: number | string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
}

/** Nothing serves this address now. */
export const MAINTENANCE_PAGE: Page = {
  status: 503,
  headers: { ...headersOfHtml(), 'Retry-After': ['5'] },
  body: renderPage(
    'Back in a moment',
    'This service is being worked on or is starting. The page tries again by itself.',
    5,
  ),
};

/** The app was reached and did not answer as it should. The status is the proxy's: 502 or 504. */
export const GATEWAY_PAGE: Page = {
  status: '{http.error.status_code}',
  headers: headersOfHtml(),
  body: renderPage('No answer', 'The service was reached and did not answer this request. Please try again.', null),
};

export const UNKNOWN_PAGE: Page = {
  status: 404,
  headers: headersOfHtml(),
  body: renderPage('Nothing here', 'No app of this host has this address.', null),
};

function headersOfHtml(): Readonly<Record<string, readonly string[]>> {
  return { 'Content-Type': ['text/html; charset=utf-8'], 'Cache-Control': ['no-store'] };
}

/** Caddy replaces `{name}` in a body, so no brace of the style sheet may stand next to a letter. */
function renderPage(title: string, text: string, refreshSeconds: number | null): string {
  const refresh = refreshSeconds === null ? '' : `<meta http-equiv="refresh" content="${refreshSeconds}">`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">${refresh}
<title>${title}</title>
</head>
<body style="margin:0;min-height:100vh;display:grid;place-items:center;font:1.1rem/1.5 system-ui,sans-serif">
<main style="max-width:30rem;padding:2rem;text-align:center"><h1 style="font-size:1.6rem;margin:0 0 .5rem">${title}</h1><p style="margin:0;opacity:.75">${text}</p></main>
</body>
</html>
`;
}
