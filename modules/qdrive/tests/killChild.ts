/**
 * A node on the folder named first that begins an upload and sends its parts, one after the other,
 * telling each that was answered on a line of its own. Its parent kills it on the way.
 */
import { join } from 'node:path';
import { loadModules, openNode } from '@anarq/node';
import { testStore } from '@anarq/store/testing';
import { actorOf } from '@anarq/testing';
import { qdrive } from '../src/contract.ts';
import { madeBytes, MIB, partOf } from './support.ts';

const [, , folder = '', bytes = '0'] = process.argv;
const content = madeBytes(Number(bytes));
const { kernel, operatorSeed } = await openNode({
  dataFolder: join(folder, 'data'),
  ...testStore(join(folder, 'data')),
  keysFolder: join(folder, 'keys'),
  modules: await loadModules(['qdrive']),
  version: '0.0.0-test',
});
const operator = actorOf(() => kernel, { did: kernel.node.operator, seed: operatorSeed });
const upload = await operator.call(qdrive.begin, {
  name: 'survivor.bin',
  bytes: content.length,
  mediaType: 'application/octet-stream',
});
console.log(`begun ${upload.uploadId}`);
for (let index = 0; index < Math.ceil(content.length / MIB); index += 1) {
  async function* body() {
    yield partOf(content, index);
  }
  const part = { index, sha256Hex: undefined, body: body() };
  const result = await kernel.receivePart(upload.ticket, part);
  console.log(result.status === 'ok' ? `stored ${index}` : `refused ${result.code}`);
}
console.log('all stored');
setInterval(() => undefined, 1_000);
