import { join } from 'node:path';
import { argv } from 'node:process';
import { testStore } from '@anarq/store/testing';
import { actorOf } from '@anarq/testing';
import { openNode } from '@anarq/node';
import { crashLab } from './crashLab.ts';
import { lab } from './lab.ts';

/**
 * A node that kills itself: opens the folder, makes one call, and dies at the named point, as a
 * power cut would have it. Arguments: folder, point, argument of the call.
 */
const [, , folder = '', fatal = '', arg = ''] = argv;
let seen = 0;
const node = await openNode({
  dataFolder: join(folder, 'data'),
  ...testStore(join(folder, 'data')),
  keysFolder: join(folder, 'keys'),
  modules: [crashLab()],
  version: '0.0.0-test',
  probe: (point) => {
    if (point === fatal) process.kill(process.pid, 'SIGKILL');
    seen += 1;
  },
});
const operator = actorOf(() => node.kernel, {
  did: node.kernel.node.operator,
  seed: node.operatorSeed,
});
await operator.result(lab.run, { arg }, { idempotencyKey: 'the-call' });
console.error(`survived ${seen} points, but not ${fatal}`);
process.exit(1);
