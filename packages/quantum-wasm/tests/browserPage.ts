import { answerTo, type Answer, type Case } from './browserSide.ts';

declare const Worker: new (
  url: URL,
  options: { readonly type: 'module' },
) => {
  postMessage(message: Case): void;
  terminate(): void;
  addEventListener(kind: 'message', hear: (event: { readonly data: Answer }) => void): void;
  addEventListener(kind: 'error', hear: (event: { readonly message: string }) => void): void;
};

const inWorker = (one: Case): Promise<Answer> => {
  const worker = new Worker(new URL('./browserThread.ts', import.meta.url), { type: 'module' });
  const { promise, resolve } = Promise.withResolvers<Answer>();
  worker.addEventListener('message', ({ data }) => resolve(data));
  worker.addEventListener('error', ({ message }) => resolve({ problem: message }));
  worker.postMessage(one);
  return promise.finally(() => worker.terminate());
};

interface Asked {
  readonly inPage: readonly Case[];
  readonly inWorker: readonly Case[];
}
// The server of the test answers with what its type says.
const asked = (await (await fetch('/cases')).json()) as Asked;
const answers = { inPage: [] as Answer[], inWorker: [] as Answer[] };
for (const one of asked.inPage) answers.inPage.push(await answerTo(one));
for (const one of asked.inWorker) answers.inWorker.push(await inWorker(one));
await fetch('/answers', { method: 'POST', body: JSON.stringify(answers) });
