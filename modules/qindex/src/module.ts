import { defineModule } from '@anarq/kernel';
import { qindex } from './contract.ts';
import { get } from './handlers/get.ts';
import { history } from './handlers/history.ts';
import { list } from './handlers/list.ts';
import { pointer } from './handlers/pointer.ts';
import { put } from './handlers/put.ts';
import { remove } from './handlers/remove.ts';
import { search } from './handlers/search.ts';
import { setPointer } from './handlers/setPointer.ts';
import { migrations } from './store.ts';

export default defineModule(qindex, {
  migrations,
  handlers: { put, get, list, search, history, setPointer, pointer, remove },
});
