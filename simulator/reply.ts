// What the simulator says to what it was told: an echo, in sound and in words.

import type { Picture } from "./picture";
import { chime, ownVoice, toneForEachWord } from "./voice";

/** Something that wants an answer. */
export type Asked =
  /** 16 kHz PCM16 LE mono; length of the speech in it in seconds */
  { speech: Buffer; seconds: number } | { text: string };

/** An answer: 24 kHz PCM16 LE mono, and the same in words. */
export interface Reply {
  pcm: Buffer;
  text: string;
}

/** A longer text is not said back as a whole. */
const MOST_CHARACTERS = 1000;

const inSeconds = (seconds: number) => `${seconds.toFixed(1)} seconds of speech`;

/** The transcript of an utterance: the simulator hears that somebody speaks, not what. */
export const transcriptOf = (seconds: number) => `(${inSeconds(seconds)})`;

function wordsFor(asked: Asked, first: boolean) {
  if ("text" in asked) {
    const { text } = asked;
    return `Echo: ${text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text}`;
  }
  const length = inSeconds(asked.seconds);
  return first ? `You said something, ${length}; here it is again.` : `Echo: ${length}.`;
}

function wordsForPictures(count: number, last?: Picture) {
  if (!last) return [];
  const { kind, width, height } = last;
  const size = `${kind} of ${width}×${height}`;
  return [
    count === 1
      ? `I have seen 1 picture, a ${size}.`
      : `I have seen ${count} pictures; the last was a ${size}.`,
  ];
}

/**
 * Makes an answer.
 * @param first whether it is the first one of its conversation, which says that no model is speaking
 * @param pictures how many were seen so far
 * @param picture the last one, if it was not mentioned yet
 */
export function replyTo(asked: Asked[], first: boolean, pictures: number, picture?: Picture): Reply {
  const text = [
    ...(first ? ["This is the simulator's echo, not a model."] : []),
    ...asked.map((each) => wordsFor(each, first)),
    ...wordsForPictures(pictures, picture),
  ].join(" ");
  const sounds = asked.map((each) => ("text" in each ? toneForEachWord(each.text) : ownVoice(each.speech)));
  return { pcm: Buffer.concat([chime(), ...sounds]), text };
}
