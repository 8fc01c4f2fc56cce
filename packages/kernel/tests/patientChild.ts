import { join } from 'node:path';
import { startNode } from '@anarq/node';
import { testStore } from '@anarq/store/testing';
import { actorOf } from '@anarq/testing';
import { patient, patientModule, SAYINGS } from './patientModule.ts';

/**
 * A whole node on the folder named first that asks for work which takes time, under the same keys
 * each time it is started. Its parent kills it on the way.
 */
const [, , folder = ''] = process.argv;
const node = await startNode({
  dataFolder: join(folder, 'data'),
  ...testStore(join(folder, 'data')),
  keysFolder: join(folder, 'keys'),
  port: 0,
  modules: ['node', 'squid', 'qonsent'],
  extra: [patientModule()],
  version: '0.0.0-test',
});
const { operator } = node.address;
const who = actorOf(() => node.kernel, { did: operator, seed: node.operatorSeed });
process.stdout.write('up\n');
await who.result(patient.toil, {}, { idempotencyKey: 'toil' });
await who.result(patient.wait, {}, { idempotencyKey: 'wait' });
for (let n = 0; n < SAYINGS; n += 1) {
  await who.result(
    patient.say,
    { text: String(n) },
    { idempotencyKey: `say ${n}`.replace(' ', '.') },
  );
  await new Promise((resolve) => setTimeout(resolve, 60));
}
process.stdout.write('said\n');
setInterval(() => undefined, 1_000);
