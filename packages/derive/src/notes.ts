/** Says in every derived file where it comes from, and marks it as one that may be replaced. */
export const DERIVED = 'Derived from the contract; do not edit. Renew with: ./q generate';

export const yamlNote = `# ${DERIVED}\n`;
export const markdownNote = `<!-- ${DERIVED} -->\n\n`;

/** JSON knows no comments; `$comment` is the one that JSON Schema gives it. */
export const jsonText = (value: Record<string, unknown>): string =>
  `${JSON.stringify({ $comment: DERIVED, ...value }, null, 2)}\n`;
