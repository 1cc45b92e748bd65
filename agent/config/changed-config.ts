/** The text of the agent's configuration file with some settings changed; comments and the order of the rest stay. */

/** @param changes by name, of settings at the top */
export async function changedConfig(text: string, changes: Readonly<Record<string, string>>): Promise<string> {
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text);
  for (const [name, value] of Object.entries(changes)) document.set(name, value);
  return document.toString({ lineWidth: 0 });
}
