import { fail } from '@anarq/common-schemas';
import type { ReadContext } from '@anarq/kernel';

/** Type of the records under which listings stand in Qindex. */
export const LISTING_TYPE = 'qmarket/listing';

/** DID of the market itself: sellers delegate to it, and its listings' records belong to it. */
export const marketOf = ({ services }: Pick<ReadContext, 'services'>): string =>
  services.node.modules['qmarket'] ?? fail('INTERNAL', 'The market has no identity.');
