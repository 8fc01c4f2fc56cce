import { describe, expect, it } from 'vitest';
import { memoryLedger } from './memoryLedger.ts';
import { playVector, told, unfitFile } from './runVector.ts';
import { haveVectors, readVector, vectorNames } from './vectorFile.ts';

describe.skipIf(!haveVectors)('the rules answer as the tables of TigerBeetle say', () => {
  for (const name of vectorNames) {
    const tables = readVector(name);
    const unfit = unfitFile(tables.flat(), memoryLedger().player);
    it.skipIf(unfit !== undefined)(
      `${name}${unfit === undefined ? '' : ` is not played: ${unfit}`}`,
      async () => {
        for (const actions of tables) {
          const count = await playVector(actions, memoryLedger().player);
          console.info(told(name, count));
          expect(count.passed).toBeGreaterThan(0);
        }
      },
    );
  }
});
