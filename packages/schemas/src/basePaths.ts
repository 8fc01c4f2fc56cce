/** Base paths below which the routes of a module answer, its own first. */
export const basePathsOf = ({
  name,
  alsoUnder,
}: {
  readonly name: string;
  readonly alsoUnder: string | undefined;
}): readonly string[] => (alsoUnder === undefined ? [`/${name}`] : [`/${name}`, alsoUnder]);

/** Whether a base path is none, or one that no module could have: of two parts or more. */
export const isBasePath = (path: string | undefined): boolean =>
  path === undefined || /^(\/[a-z0-9]{1,32}){2,4}$/.test(path);
