import { handler } from '@anarq/kernel';
import { answer } from '../answering.ts';
import { node } from '../contract.ts';

export const approve = handler(node.approve, (input, ctx) => answer(input, 'APPROVED', ctx));
