import { defineModule } from '@anarq/kernel';
import { quantum } from './contract.ts';
import { closeDesk } from './desks.ts';
import { admit } from './handlers/admit.ts';
import { convert } from './handlers/convert.ts';
import { draw } from './handlers/draw.ts';
import { drop } from './handlers/drop.ts';
import { estimate } from './handlers/estimate.ts';
import { get } from './handlers/get.ts';
import { keep } from './handlers/keep.ts';
import { prices } from './handlers/prices.ts';
import { result } from './handlers/result.ts';
import { run } from './handlers/run.ts';
import { runs } from './handlers/runs.ts';
import { setPrices } from './handlers/setPrices.ts';
import { migrations, orders, runs as runTable } from './store.ts';

export default defineModule(quantum, {
  migrations,
  tables: [runTable, orders],
  handlers: {
    estimate,
    run,
    admit,
    drop,
    keep,
    result,
    runs,
    get,
    draw,
    convert,
    prices,
    setPrices,
  },
  onStop: closeDesk,
});
