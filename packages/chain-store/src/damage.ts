/** A file of a chain's history that is not as it was written. */
export class SegmentDamaged extends Error {
  override readonly name = 'SegmentDamaged';
  readonly file: string;
  /** Bytes from the beginning of the file. */
  readonly offset: number;

  constructor(file: string, offset: number, what: string) {
    super(`${file} is damaged at byte ${offset}: ${what}`);
    this.file = file;
    this.offset = offset;
  }
}
