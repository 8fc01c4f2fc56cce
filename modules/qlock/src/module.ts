import { defineModule } from '@anarq/kernel';
import { qlock } from './contract.ts';
import { createKey } from './handlers/createKey.ts';
import { decrypt } from './handlers/decrypt.ts';
import { decryptOwn } from './handlers/decryptOwn.ts';
import { encrypt } from './handlers/encrypt.ts';
import { encryptTo } from './handlers/encryptTo.ts';
import { keys } from './handlers/keys.ts';
import { lock } from './handlers/lock.ts';
import { renew } from './handlers/renew.ts';
import { rotateKey } from './handlers/rotateKey.ts';
import { sign } from './handlers/sign.ts';
import { unlock } from './handlers/unlock.ts';
import { verify } from './handlers/verify.ts';
import { keys as keyTable, keyVersions, migrations } from './store.ts';

export default defineModule(qlock, {
  migrations,
  tables: [keyTable, keyVersions],
  handlers: {
    createKey,
    decrypt,
    decryptOwn,
    encrypt,
    encryptTo,
    keys,
    lock,
    renew,
    rotateKey,
    sign,
    unlock,
    verify,
  },
});
