import { handler } from '@anarq/kernel';
import { qdrive } from '../contract.ts';
import { sweep as sweepBlocks } from '../sweep.ts';

const SWEPT_BLOCKS = 1_000;

export const sweep = handler(qdrive.sweep, (_input, ctx) => sweepBlocks(ctx, SWEPT_BLOCKS));
