import { defineModule } from '@anarq/kernel';
import { qmarket } from './contract.ts';
import { cancelOrder } from './handlers/cancelOrder.ts';
import { license } from './handlers/license.ts';
import { licenses } from './handlers/licenses.ts';
import { list } from './handlers/list.ts';
import { listing } from './handlers/listing.ts';
import { listings } from './handlers/listings.ts';
import { order } from './handlers/order.ts';
import { purchase } from './handlers/purchase.ts';
import { sales } from './handlers/sales.ts';
import { search } from './handlers/search.ts';
import { withdraw } from './handlers/withdraw.ts';
import { migrations } from './store.ts';

export default defineModule(qmarket, {
  migrations,
  handlers: {
    list,
    search,
    listing,
    listings,
    purchase,
    order,
    cancelOrder,
    license,
    licenses,
    sales,
    withdraw,
  },
});
