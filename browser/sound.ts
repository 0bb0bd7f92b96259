// The microphone and the loudspeaker of the page for other pages: live token serves them.

export { openMicrophone } from "./microphone";
export { Playback } from "./playback";
