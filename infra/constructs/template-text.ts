/**
 * Text that Terraform must hand on as it is. In its JSON `${` begins an expression and `%{` a directive, and a startup
 * script is full of both.
 */
export function literalText(text: string): string {
  return text.replace(/[$%](?=\{)/g, (sign) => sign + sign);
}
