import { handler } from '@anarq/kernel';
import { quantum } from '../contract.ts';
import { priceListOf } from '../quote.ts';

export const prices = handler(quantum.prices, (_, ctx) => priceListOf(ctx));
