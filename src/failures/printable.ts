// C0 and C1 controls, and the characters that reorder what a terminal shows (bidi marks, embeddings, isolates), which hide the truth of a name.
// oxlint-disable-next-line no-control-regex -- finding them is its purpose
const unprintable = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Makes text from outside (names, server messages) safe to show on a terminal: what would act on it is shown as `\x1b`. */
export function printable(text: string): string {
  return text.replace(unprintable, character => {
    const code = character.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** The same for text of several lines, as a plugin's stderr: line ends and tabs stay. */
export function printableLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map(line => printable(line.replaceAll('\t', '  ')))
    .join('\n');
}
