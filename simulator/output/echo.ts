// Composes answers: an echo of the user's input as audio and text.

import type { ImageHeader } from "../input/image-header";
import type { FunctionCall } from "../protocol/function-declarations";
import type { Result } from "../session/function-calls";
import { groundingFor } from "./grounding";
import { chime, ownSpeech, toneForEachWord } from "./speech-synthesis";

/** One input that needs an answer. */
export type Question =
  /** 16 kHz PCM16 LE mono; `seconds`: the length of the speech in it */
  | { speech: Buffer; seconds: number }
  /** `search`: the answer has grounding metadata */
  | { text: string; search?: boolean }
  /** a text that the answer repeats unchanged */
  | { verbatim: string }
  /** a tool response */
  | { result: Result };

/** An input that needs an answer, or function calls instead of one. */
export type Asked = Question | { calls: readonly FunctionCall[] };

/** Whether an input needs an answer. */
export const isQuestion = (asked: Asked): asked is Question => !("calls" in asked);

/** An answer: 24 kHz PCM16 LE mono, its transcript, and grounding metadata if it used search. */
export interface Reply {
  pcm: Buffer;
  text: string;
  grounding?: object;
}

/** Longer texts are shortened in answers. */
const MAX_CHARACTERS = 1000;

const inSeconds = (seconds: number) => `${seconds.toFixed(1)} seconds of speech`;

/** The transcript of an utterance: its length, as the simulator has no speech recognition. */
export const transcriptOf = (seconds: number) => `(${inSeconds(seconds)})`;

/** A text that asks the model to speak first. */
const ASKS_FOR_GREETING = /\b(greet|begin the conversation)\b/i;
const GREETING = "Hello! Say something, and you will hear it again.";

const shortened = (text: string) =>
  text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;

/** A response with `error` and without `output` is an error [@google/genai, FunctionResponse]. */
function wordsForResult({ name, response, more }: Result) {
  const { error } = response;
  const failed = error !== undefined && response.output === undefined;
  const outcome = failed && typeof error === "string" ? error : JSON.stringify(response);
  return `${name} ${failed ? "failed:" : "answered"} ${shortened(outcome)}${more ? " (more to come)" : ""}`;
}

function wordsFor(asked: Question, first: boolean) {
  if ("verbatim" in asked) return shortened(asked.verbatim);
  if ("text" in asked && ASKS_FOR_GREETING.test(asked.text)) return GREETING;
  if ("text" in asked) return `Echo: ${shortened(asked.text)}`;
  if ("result" in asked) return `Echo: ${wordsForResult(asked.result)}`;
  const length = inSeconds(asked.seconds);
  return first ? `You said something, ${length}; here it is again.` : `Echo: ${length}.`;
}

function wordsForImages(count: number, last?: ImageHeader) {
  if (!last) return [];
  const { kind, width, height } = last;
  const size = `${kind} of ${width}×${height}`;
  return [
    count === 1 ? `I have seen 1 image, a ${size}.` : `I have seen ${count} images; the last was a ${size}.`,
  ];
}

/**
 * Composes the answer to one or more inputs.
 * @param first whether it is the first answer of the session, which says that it is an echo
 * @param images the number of images received
 * @param image the last image, unless an earlier answer mentioned it
 */
export function replyTo(asked: Question[], first: boolean, images: number, image?: ImageHeader): Reply {
  const text = [
    ...(first ? ["This is the simulator's echo, not a model."] : []),
    ...asked.map((each) => wordsFor(each, first)),
    ...wordsForImages(images, image),
  ].join(" ");
  const sounds = asked.map((each) => {
    if ("speech" in each) return ownSpeech(each.speech);
    return toneForEachWord("text" in each ? each.text : wordsFor(each, first));
  });
  const searched = asked.find((each) => "text" in each && each.search);
  const grounding = searched && "text" in searched ? groundingFor(searched.text, text) : undefined;
  return { pcm: Buffer.concat([chime(), ...sounds]), text, grounding };
}

/** The filler before function calls, on models that speak one. */
export function fillerReply(): Reply {
  const text = "One moment, please.";
  return { pcm: Buffer.concat([chime(), toneForEachWord(text)]), text };
}
