import type { Receipt } from '@anarq/dag';

/**
 * Whether a receipt is the only one of its transaction. One that comes behind another with its nonce is refused each
 * time that somebody hands it in: then the first receipt says what became of it.
 */
export const isLasting = ({ code }: Pick<Receipt, 'code'>): boolean => code !== 'NONCE_USED';
