import { defineModule } from '@anarq/kernel';
import { qdrive } from './contract.ts';
import { abort } from './handlers/abort.ts';
import { begin } from './handlers/begin.ts';
import { complete } from './handlers/complete.ts';
import { file } from './handlers/file.ts';
import { files } from './handlers/files.ts';
import { get } from './handlers/get.ts';
import { remove } from './handlers/remove.ts';
import { setMetadata } from './handlers/setMetadata.ts';
import { sweep } from './handlers/sweep.ts';
import { upload } from './handlers/upload.ts';
import { receive } from './receive.ts';
import { send } from './send.ts';
import { sweepAtStart } from './sweepAtStart.ts';
import { files as fileTable, migrations, uploads } from './store.ts';

export default defineModule(qdrive, {
  migrations,
  tables: [uploads, fileTable],
  handlers: {
    abort,
    begin,
    complete,
    file,
    files,
    get,
    remove,
    setMetadata,
    sweep,
    upload,
  },
  transfer: { receive, send },
  onStart: sweepAtStart,
});
