import { paint } from '../terminal.ts';

/** What a watcher of a demo is told; a line that is not final is replaced by the next. */
export type Show = (chapter: string, line: string, isFinal?: boolean) => void;

/** Prints chapters with their lines; a line that is not final is shown on a terminal only. */
export function storyteller(chapterChars: number): Show {
  let chapterNow = '';
  let isOpen = false;
  const isTerminal = process.stdout.isTTY;
  return (chapter, line, isFinal = true) => {
    if (!isFinal && !isTerminal) return;
    if (isOpen) process.stdout.write('\r\u001b[2K');
    isOpen = !isFinal;
    const title =
      chapter === chapterNow ? ' '.repeat(chapterChars) : paint.cyan(chapter.padEnd(chapterChars));
    process.stdout.write(`  ${title}  ${line}${isFinal ? '\n' : ''}`);
    if (isFinal) chapterNow = chapter;
  };
}
