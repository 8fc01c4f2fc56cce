interface Point {
  readonly at: readonly [number, number];
  readonly value: number;
}

/**
 * Looks for the least value of a function of two numbers by the simplex of Nelder and Mead
 * (Computer Journal 7, 308): it asks for no derivative, and tells each value that it saw.
 */
export async function minimise(
  value: (at: readonly [number, number]) => Promise<number>,
  start: readonly [number, number],
  { step, asks }: { readonly step: number; readonly asks: number },
): Promise<Point> {
  const budget = { left: asks };
  const ask = async (at: readonly [number, number]): Promise<Point> => {
    budget.left -= 1;
    return { at, value: await value(at) };
  };
  const [x, y] = start;
  const simplex = [await ask(start), await ask([x + step, y]), await ask([x, y + step])];
  while (budget.left > 0) {
    simplex.sort((a, b) => a.value - b.value);
    const [best, middle, worst] = simplex as [Point, Point, Point];
    const center = along(best.at, middle.at, 0.5);
    const reflected = await ask(along(worst.at, center, 2));
    if (reflected.value < best.value && budget.left > 0) {
      const further = await ask(along(worst.at, center, 3));
      simplex[2] = further.value < reflected.value ? further : reflected;
    } else if (reflected.value < middle.value || budget.left === 0) {
      if (reflected.value < worst.value) simplex[2] = reflected;
    } else {
      const nearer = await ask(along(worst.at, center, 0.5));
      simplex[2] =
        nearer.value < worst.value
          ? nearer
          : { at: along(best.at, worst.at, 0.5), value: worst.value };
    }
  }
  return simplex.reduce((least, point) => (point.value < least.value ? point : least));
}

const along = (
  [ax, ay]: readonly [number, number],
  [bx, by]: readonly [number, number],
  part: number,
): readonly [number, number] => [ax + part * (bx - ax), ay + part * (by - ay)];
