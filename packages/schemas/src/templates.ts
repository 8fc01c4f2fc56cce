/** The members named in braces: '/a/{b}' names b. */
export function templateMembers(template: string): readonly string[] {
  const known = membersOf.get(template);
  if (known !== undefined) return known;
  const members = [...template.matchAll(/\{([A-Za-z0-9_]+)\}/g)].flatMap((match) => match[1] ?? []);
  if (membersOf.size >= TEMPLATES_MAX) membersOf.clear();
  membersOf.set(template, members);
  return members;
}

/** Templates are those of contracts: few, and asked for at each call. */
const TEMPLATES_MAX = 4_096;
const membersOf = new Map<string, readonly string[]>();
