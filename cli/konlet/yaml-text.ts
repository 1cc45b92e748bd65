/** Values as YAML text: plain where it cannot be read as anything else, quoted (as JSON is) everywhere else. Pure. */
import { resolvePlain } from '../../compose/source/tree.ts';

export function yamlText(text: string): string {
  const isPlain = /^[A-Za-z_/][\w./@:-]*$/.test(text) && !text.endsWith(':') && resolvePlain(text) === text;
  // Older readers take these for truth values.
  return isPlain && !/^(y|n|yes|no|on|off)$/i.test(text) ? text : JSON.stringify(text);
}

/** The app file fills in variables: a `$` that is meant is written twice. */
export function composeText(text: string): string {
  return yamlText(text.replaceAll('$', '$$$$'));
}

export function yamlList(texts: readonly string[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(', ')}]`;
}
