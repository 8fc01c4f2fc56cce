import { handler } from '@anarq/kernel';
import { chainOf } from '../chainOf.ts';
import { chain as contract } from '../contract.ts';
import { faultModelOf } from '../views.ts';

export const stats = handler(contract.stats, (_input, ctx) => {
  const chain = chainOf(ctx);
  const { supply, mempool } = chain.validator.chain();
  const { layers, witnessFiles, gaps, asked, spared } = chain.archive.status();
  const { warm, cold, archive } = layers;
  return {
    supply: String(supply),
    waiting: mempool,
    transactions: warm.transactions + cold.transactions + archive.transactions,
    layers,
    signatureFiles: witnessFiles,
    gaps: [...gaps],
    segmentsAsked: asked,
    segmentsSpared: spared,
    faultModel: faultModelOf(chain),
  };
});
