import t from 'tap';
import { renderWriteFile } from '../../../setup/machine-file.ts';

t.test('renderWriteFile: the text is quoted, so that nothing in it is expanded', (t) => {
  const shell = renderWriteFile({ path: '/etc/a', mode: '0644', text: 'x=$(id) `id`\n' });
  t.equal(shell, "write_file /etc/a 0644 <<'END_OF_FILE_1'\nx=$(id) `id`\nEND_OF_FILE_1\n");
  t.end();
});

t.test('renderWriteFile: a script that writes files itself can be written', (t) => {
  const inner = renderWriteFile({ path: '/etc/a', mode: '0644', text: 'a\n' });
  const outer = renderWriteFile({ path: '/setup', mode: '0755', text: inner });
  t.match(outer, /^write_file \/setup 0755 <<'END_OF_FILE_2'\n/);
  t.match(outer, /\nEND_OF_FILE_1\nEND_OF_FILE_2\n$/);
  t.end();
});
