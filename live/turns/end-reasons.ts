// Explains why a turn ended: one table from the reasons of the server and of this package to a cause and what to do.

const REPHRASE = "Ask in another way.";
const SAFETY = "The safety filter of the server";
const OTHER_IMAGE = "Send another image.";

/** The reasons that are no error. */
const NO_ERROR = ["TURN_COMPLETE_REASON_UNSPECIFIED", "NEED_MORE_INPUT", "SILENCE"];

/** The reasons of the SDK's TurnCompleteReason, and those of this package; some are of models that make images or video. */
const CAUSES: Record<string, string> = {
  MALFORMED_FUNCTION_CALL: `The model called a tool with arguments that are not valid. Simplify the parameters and the description of the tool.`,
  RESPONSE_REJECTED: `The model rejected its answer. ${REPHRASE}`,
  PROHIBITED_INPUT_CONTENT: `The input has content that is prohibited. ${REPHRASE}`,
  IMAGE_PROHIBITED_INPUT_CONTENT: `An image has content that is prohibited. ${OTHER_IMAGE}`,
  INPUT_TEXT_CONTAIN_PROMINENT_PERSON_PROHIBITED: `The text is about a prominent person, which is prohibited. ${REPHRASE}`,
  INPUT_IMAGE_CELEBRITY: `An image shows a celebrity, which is prohibited. ${OTHER_IMAGE}`,
  INPUT_IMAGE_PHOTO_REALISTIC_CHILD_PROHIBITED: `An image shows a child, which is prohibited. ${OTHER_IMAGE}`,
  INPUT_TEXT_NCII_PROHIBITED: `The text has intimate content, which is prohibited. ${REPHRASE}`,
  INPUT_OTHER: `${SAFETY} stopped the input. ${REPHRASE}`,
  INPUT_IP_PROHIBITED: `The input may violate intellectual property. ${REPHRASE}`,
  BLOCKLIST: `The input has a word that the server blocks. ${REPHRASE}`,
  UNSAFE_PROMPT_FOR_IMAGE_GENERATION: `${SAFETY} stopped the request for an image. ${REPHRASE}`,
  GENERATED_IMAGE_SAFETY: `${SAFETY} stopped the image of the model. ${REPHRASE}`,
  GENERATED_CONTENT_SAFETY: `${SAFETY} stopped the answer. ${REPHRASE}`,
  GENERATED_AUDIO_SAFETY: `${SAFETY} stopped the speech of the model. ${REPHRASE}`,
  GENERATED_VIDEO_SAFETY: `${SAFETY} stopped the video of the model. ${REPHRASE}`,
  GENERATED_CONTENT_PROHIBITED: `The answer has content that is prohibited. ${REPHRASE}`,
  GENERATED_CONTENT_BLOCKLIST: `The answer has a word that the server blocks. ${REPHRASE}`,
  GENERATED_IMAGE_PROHIBITED: `The image of the model has content that is prohibited. ${REPHRASE}`,
  GENERATED_IMAGE_CELEBRITY: `The image of the model shows a celebrity, which is prohibited. ${REPHRASE}`,
  GENERATED_IMAGE_PROMINENT_PEOPLE_DETECTED_BY_REWRITER: `The image of the model would show prominent people, which is prohibited. ${REPHRASE}`,
  GENERATED_IMAGE_IDENTIFIABLE_PEOPLE: `The image of the model shows people who can be identified, which is prohibited. ${REPHRASE}`,
  GENERATED_IMAGE_MINORS: `The image of the model shows minors, which is prohibited. ${REPHRASE}`,
  OUTPUT_IMAGE_IP_PROHIBITED: `The image of the model may violate intellectual property. ${REPHRASE}`,
  GENERATED_OTHER: `${SAFETY} stopped the answer for another reason. ${REPHRASE}`,
  MAX_REGENERATION_REACHED: `The model tried several times, and each answer was stopped. ${REPHRASE}`,
  CONNECTION_LOST: "The connection was lost before the answer was complete. Ask again.",
  DISCONNECTED: "The conversation ended before the answer was complete.",
};

/**
 * The cause of a turn's end in words, with what to do; undefined for an end that is no error.
 * @param reason of the server, which may send new ones, or of this package
 */
export function causeOfEnd(reason: string | undefined): string | undefined {
  if (!reason || NO_ERROR.includes(reason)) return undefined;
  return Object.hasOwn(CAUSES, reason)
    ? CAUSES[reason]
    : `The server ended the turn with the reason ${reason}.`;
}
