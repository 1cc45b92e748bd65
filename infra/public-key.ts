/** Whether a text is one OpenSSH public key. The answers show nothing of the text: it may be a private key. */

const TYPES = [
  'ssh-ed25519',
  'sk-ssh-ed25519@openssh.com',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ecdsa-sha2-nistp256@openssh.com',
  'ssh-rsa',
];

/** What follows the name of the file in a message; null: it is a public key. */
export function publicKeyProblem(text: string): string | null {
  if (/PRIVATE KEY|PuTTY-User-Key-File/.test(text))
    return 'is a private key; name the public one (its file ends in .pub). The private key was not used and is not shown';
  if (text.includes('BEGIN SSH2 PUBLIC KEY'))
    return 'is a public key in RFC 4716 form; convert it: ssh-keygen -i -f FILE';
  if (text === '') return 'is empty';
  if (text.includes('\n')) return 'has several lines; one public key is one line';
  const [type = '', body = ''] = text.split(/\s+/);
  if (!TYPES.includes(type)) return `is not an OpenSSH public key: it must begin with one of ${TYPES.join(', ')}`;
  return nameInside(body) === type ? null : 'is damaged: the key in it is not of the type that it begins with';
}

/** The key's own bytes begin with the length and the name of its type (RFC 4253). */
function nameInside(body: string): string {
  const bytes = Buffer.from(body, 'base64');
  if (bytes.length < 4) return '';
  return bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString('utf8');
}
