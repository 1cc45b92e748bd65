/** The certificates of a PEM file, each looked at: what OpenSSL says of a broken one names its source files. */
import { X509Certificate } from 'node:crypto';

/** @throws Error that says in words what is wrong with the file */
export function certificatesOf(pem: string): readonly string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error('it holds no certificate in PEM (`-----BEGIN CERTIFICATE-----`)');
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block).toString();
    } catch (error) {
      throw new Error(`its certificate ${index + 1} of ${blocks.length} is damaged`, { cause: error });
    }
  });
}
