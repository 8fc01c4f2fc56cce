import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../../q', import.meta.url));
const tools = 'sh cat chmod cmp cp date dirname head mkdir mv readlink rm rmdir sed sleep uname';

/** What a run of `q` came to. */
export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/**
 * A checkout with `q` in it, on a machine whose PATH holds the usual tools and nothing else, until
 * a Node and an npm are put there. Both are shell scripts that write down how they were called.
 */
export class FakeMachine {
  readonly root = mkdtempSync(join(tmpdir(), 'q-machine-'));
  readonly checkout = join(this.root, 'a checkout');
  /** Further variables of its environment. */
  readonly env: Record<string, string> = {};
  readonly #bin = join(this.root, 'bin');
  readonly #calls = join(this.root, 'npm-calls');

  constructor() {
    mkdirSync(this.#bin);
    mkdirSync(this.checkout);
    const found = execFileSync('sh', ['-c', `for t in ${tools}; do command -v $t; done`], {
      encoding: 'utf8',
    });
    for (const path of found.trim().split('\n')) {
      symlinkSync(path, join(this.#bin, path.slice(path.lastIndexOf('/') + 1)));
    }
    copyFileSync(script, join(this.checkout, 'q'));
    this.write('package-lock.json', '{"first":true}');
  }

  /** A Node that says its version, runs npm-cli.js, and for all else prints what it was given. */
  addNode(version: string): void {
    this.#program('bin/node', this.#nodeScript(version));
  }

  /**
   * An npm that installs by making the folders a real one would. It takes `takes_s`, and fails
   * while a file `npm-fails` lies beside the checkout.
   *
   * @param asScript puts it where npm puts itself: a link to lib/node_modules/npm/bin/npm-cli.js.
   */
  addNpm(options: { takes_s?: number; asScript?: boolean } = {}): void {
    const text = `#!/bin/sh
echo "$(node --version) $*" >>'${this.#calls}'
mkdir -p node_modules
sleep ${options.takes_s ?? 0}
[ -e '${this.root}/npm-fails' ] && { echo 'no network'; exit 1; }
case $PWD in
  */runtime.new)
    package=$(sed 's/.*"dependencies":{"\\([^"]*\\)".*/\\1/' package.json)
    mkdir -p "node_modules/$package/bin"
    cat >"node_modules/$package/bin/node" <<'NODE'
${this.#nodeScript('26.10.0')}NODE
    chmod +x "node_modules/$package/bin/node" ;;
  *) echo '{}' >node_modules/.package-lock.json ;;
esac
`;
    if (options.asScript !== true) return this.#program('bin/npm', text);
    this.#program('lib/node_modules/npm/bin/npm-cli.js', text);
    symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(this.#bin, 'npm'));
  }

  /** Starts `./q` with these arguments; `onStart` gets a function that sends it a signal. */
  q(
    args: readonly string[],
    onStart?: (kill: (signal: NodeJS.Signals) => void) => void,
    program = join(this.checkout, 'q'),
  ): Promise<Ran> {
    const child = spawn(program, args, {
      cwd: this.root,
      env: { ...this.env, PATH: this.#bin },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onStart?.((signal) => child.kill(signal));
    return new Promise((resolve, reject) => {
      const ran: Ran = { code: null, stdout: '', stderr: '' };
      child.stdout.on('data', (text: Buffer) => (ran.stdout += text.toString()));
      child.stderr.on('data', (text: Buffer) => (ran.stderr += text.toString()));
      child.on('error', reject);
      child.on('close', (code) => resolve({ ...ran, code }));
    });
  }

  /** How npm was called: the version of the Node on its PATH, and its arguments. */
  npmCalls(): string[] {
    if (!existsSync(this.#calls)) return [];
    return readFileSync(this.#calls, 'utf8').trimEnd().split('\n');
  }

  has(path: string): boolean {
    return existsSync(join(this.checkout, path));
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.checkout, path)), { recursive: true });
    writeFileSync(join(this.checkout, path), text);
  }

  /** Whether npm fails from now on. */
  npmFails(fails: boolean): void {
    if (fails) writeFileSync(join(this.root, 'npm-fails'), '');
    else rmSync(join(this.root, 'npm-fails'));
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  #nodeScript(version: string): string {
    return `#!/bin/sh
case $1 in
  --version) echo v${version} ;;
  */npm-cli.js) cli=$1; shift; exec sh "$cli" "$@" ;;
  *) echo "node ${version}"; for each in "$@"; do echo "$each"; done ;;
esac
`;
  }

  #program(path: string, text: string): void {
    const place = join(this.root, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, text);
    chmodSync(place, 0o755);
  }
}
