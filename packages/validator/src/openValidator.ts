import { mkdirSync } from 'node:fs';
import { fail } from '@anarq/common-schemas';
import { beginningOf, hexOf, type BeginState, type Genesis } from '@anarq/dag';
import { FolderLock } from '@anarq/store/folder';
import { readBegin, sinceOf } from './beginFile.ts';
import { BeginKeeper } from './beginKeeper.ts';
import { BlockLog } from './blockLog.ts';
import { machineDisk } from './disk.ts';
import { Driver, type DriverOptions } from './driver.ts';
import { DEFAULT_VALIDATOR_SETTINGS } from './settings.ts';
import { SignatureChecks, Signer } from './signatures.ts';
import type { Validator, ValidatorOptions } from './types.ts';
import { RunningValidator } from './validator.ts';

/**
 * Opens a validator, or a follower, on its folder: goes on from what it said and heard before.
 * @throws QError FOLDER_UNUSABLE where another process has the folder, where it is of another chain, or where the
 * disk lost what was safe
 */
export async function openValidator(options: ValidatorOptions): Promise<Validator> {
  const { folder } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = new FolderLock(
    folder,
    `the validator in ${folder} is open already: two with one key would contradict each other`,
  );
  try {
    return await opened(options, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function opened(options: ValidatorOptions, lock: FolderLock): Promise<Validator> {
  const { folder, network, seed, archive, now_ms = Date.now, disk = machineDisk } = options;
  const signer = seed === undefined ? undefined : new Signer(seed);
  if (signer !== undefined && hexOf(signer.publicKey) !== network.publicKey)
    fail('INPUT_INVALID', 'the network speaks under another key than this validator signs with');
  const settings = { ...DEFAULT_VALIDATOR_SETTINGS, ...options.settings };
  const nodeSettings: DriverOptions['settings'] =
    signer === undefined ? settings : { ...settings, publicKey: signer.publicKey };
  const beginning = await readBegin(disk, folder);
  const begin = beginning?.begin ?? firstOf(options.genesis);
  const { chainId } = begin.committee;
  if (hexOf(chainId) !== hexOf(firstOf(options.genesis).committee.chainId))
    fail('FOLDER_UNUSABLE', `${folder} is of another chain`, { folder });

  let fail_later: (error: unknown) => void = () => undefined;
  const onFailure = (error: unknown): void => fail_later(error);
  const { log, blocks, own } = await BlockLog.open({
    folder,
    chainId,
    disk,
    segment_bytes: settings.segment_bytes,
    mark: beginning?.mark,
    since: sinceOf(begin),
    onFailure,
  });
  const checks = new SignatureChecks(settings.checks_max, options.checkSignature);
  const archived = (): Promise<void> => validator.archived();
  const keeper = new BeginKeeper({ disk, folder, log, archived, onFailure });
  const validator = new RunningValidator({
    chainId,
    validators: options.genesis.validators,
    publicKey: signer?.publicKey,
    network,
    settings,
    checks,
    archive,
    now_ms,
    async release() {
      await keeper.close();
      await log.close();
      lock.release();
    },
  });
  const driver = new Driver({
    settings: nodeSettings,
    begin: { ...begin, blocks },
    own,
    network,
    signer,
    checks,
    log,
    keeper,
    observer: validator.observer,
    archive,
    validators: options.genesis.validators,
    now_ms,
  });
  fail_later = (error) => driver.stop(`the disk failed: ${String(error)}`);
  validator.begin(driver);
  return validator;
}

const firstOf = (genesis: Genesis): BeginState => ({ ...beginningOf(genesis), trail: [] });
