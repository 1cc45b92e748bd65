import t from 'tap';
import { publicKeyProblem } from '../../../infra/public-key.ts';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

t.test('publicKeyProblem: takes one OpenSSH key, with or without a comment', (t) => {
  t.equal(publicKeyProblem(key), null);
  t.equal(publicKeyProblem(`${key} somebody at a desk`), null);
  t.end();
});

t.test('publicKeyProblem: says what it is instead', (t) => {
  t.match(publicKeyProblem(['-----BEGIN RSA', 'PRIVATE KEY-----'].join(' ')), /private key/);
  t.match(publicKeyProblem('PuTTY-User-Key-File-3: ssh-ed25519'), /private key/);
  t.match(publicKeyProblem('---- BEGIN SSH2 PUBLIC KEY ----'), /ssh-keygen -i/);
  t.match(publicKeyProblem(''), /is empty/);
  t.match(publicKeyProblem(`${key}\n${key}`), /several lines/);
  t.match(publicKeyProblem('ssh-dss AAAA'), /must begin with one of/);
  t.match(publicKeyProblem(key.replace('ssh-ed25519', 'ssh-rsa')), /is damaged/);
  t.match(publicKeyProblem('ssh-ed25519'), /is damaged/);
  t.end();
});
