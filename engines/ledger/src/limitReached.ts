/** A batch that the books do not take at all: nothing was changed. */
export class LimitReached extends RangeError {
  override readonly name = 'LimitReached';
}
