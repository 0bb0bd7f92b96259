// What the simulator says to what it was told: an echo, in sound and in words.

import type { ImageHeader } from "../input/image-header";
import type { FunctionCall } from "../protocol/function-declarations";
import type { Result } from "../session/function-calls";
import { groundingFor } from "./grounding";
import { chime, ownVoice, toneForEachWord } from "./speech-synthesis";

/** Something that wants an answer. */
export type Question =
  /** 16 kHz PCM16 LE mono; length of the speech in it in seconds */
  | { speech: Buffer; seconds: number }
  /** `search`: with Google's sources */
  | { text: string; search?: boolean }
  /** what there is to say is clear */
  | { words: string }
  /** what a function returned */
  | { result: Result };

/** Something that wants an answer, or functions to be called instead. */
export type Asked = Question | { calls: readonly FunctionCall[] };

/** Whether there is something to say. */
export const isQuestion = (asked: Asked): asked is Question => !("calls" in asked);

/** An answer: 24 kHz PCM16 LE mono, the same in words, and its sources if it was searched for. */
export interface Reply {
  pcm: Buffer;
  text: string;
  grounding?: object;
}

/** A longer text is not said back as a whole. */
const MOST_CHARACTERS = 1000;

const inSeconds = (seconds: number) => `${seconds.toFixed(1)} seconds of speech`;

/** The transcript of an utterance: the simulator hears that somebody speaks, not what. */
export const transcriptOf = (seconds: number) => `(${inSeconds(seconds)})`;

const shortened = (text: string) =>
  text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;

/** Errors and results are told apart by the keys that Google's SDK names: `error` and `output`. */
function wordsForResult({ name, response, more }: Result) {
  const { error } = response;
  const failed = error !== undefined && response.output === undefined;
  const outcome = failed && typeof error === "string" ? error : JSON.stringify(response);
  return `${name} ${failed ? "failed:" : "answered"} ${shortened(outcome)}${more ? " (more to come)" : ""}`;
}

function wordsFor(asked: Question, first: boolean) {
  if ("words" in asked) return shortened(asked.words);
  if ("text" in asked) return `Echo: ${shortened(asked.text)}`;
  if ("result" in asked) return `Echo: ${wordsForResult(asked.result)}`;
  const length = inSeconds(asked.seconds);
  return first ? `You said something, ${length}; here it is again.` : `Echo: ${length}.`;
}

function wordsForPictures(count: number, last?: ImageHeader) {
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
export function replyTo(asked: Question[], first: boolean, pictures: number, picture?: ImageHeader): Reply {
  const text = [
    ...(first ? ["This is the simulator's echo, not a model."] : []),
    ...asked.map((each) => wordsFor(each, first)),
    ...wordsForPictures(pictures, picture),
  ].join(" ");
  const sounds = asked.map((each) => {
    if ("speech" in each) return ownVoice(each.speech);
    return toneForEachWord("text" in each ? each.text : wordsFor(each, first));
  });
  const searched = asked.find((each) => "text" in each && each.search);
  const grounding = searched && "text" in searched ? groundingFor(searched.text, text) : undefined;
  return { pcm: Buffer.concat([chime(), ...sounds]), text, grounding };
}

/** What is said while functions are called, where the model says something. */
export function fillerReply(): Reply {
  const text = "One moment, please.";
  return { pcm: Buffer.concat([chime(), toneForEachWord(text)]), text };
}
