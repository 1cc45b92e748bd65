/** Whether what answered a TLS handshake was no TLS: OpenSSL's own line names its source files. Pure. */
export function isPlainAnswer(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error) || !/^(EPROTO|ERR_SSL_)/.test(String(error.code))) return false;
  return /wrong version number|packet length too long|http request|record layer failure/i.test(error.message);
}
