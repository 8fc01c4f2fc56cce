import { answerTo, type Answer, type Case } from './browserSide.ts';

declare const addEventListener: (
  kind: 'message',
  hear: (event: { readonly data: Case }) => void,
) => void;
declare const postMessage: (answer: Answer) => void;

addEventListener('message', ({ data }) => {
  void answerTo(data).then((answer) => postMessage(answer));
});
