// The texts of the page in English; the other languages have the same keys.

export const en = {
  talk: "Start talking",
  hold: "Hold to talk",
  release: "Release to send",
  end: "End conversation",
  mute: "Mute",
  interrupt: "Stop the answer",
  camera: "Camera",
  screen: "Share screen",
  settings: "Settings",
  microphone: "Microphone",
  loudspeaker: "Loudspeaker",
  volume: "Volume",
  device: "System default",
  message: "Write a message",
  send: "Send",
  level: "Microphone level",
  captions: "Conversation",
  preview: "The picture that is sent",
  dismiss: "Dismiss",
  you: "You",
  model: "Model",
  thoughts: "Thoughts",
  sources: "Sources",

  hintOpen: "Press the button and talk.",
  hintHold: "Hold the button or the space bar while you talk.",

  disconnected: "Not connected",
  connecting: "Connecting",
  connected: "Connected",
  interrupted: "Interrupted",
  closing: "Closing",

  starting: "Opening the microphone…",
  listening: "Listening",
  hearing: "Hearing you",
  thinking: "Thinking…",
  speaking: "Speaking",
  muted: "Microphone muted",
  tool: "Using {name}…",

  opening: "Connecting to Node-RED…",
  lost: "The connection to Node-RED is lost. Reconnecting…",
  offline: "No network. The page reconnects when the network is back.",
  full: "Too many pages are open. Close another one; then this page connects.",
  refused: "Node-RED refused what the page sent. Start again.",
  login: "Your login has ended. Reload this page to log in again.",
  back: "Reconnected to Node-RED.",

  simulator:
    "You are talking to the simulator. It is an echo, not a model: it repeats what you say, in your own voice.",
  gemini: "You are talking to {model} through the Gemini API.",
  vertex: "You are talking to {model} through Vertex AI.",
  custom: "You are talking to {model} through a custom server.",

  theMicrophone: "the microphone",
  theCamera: "the camera",
  theScreen: "the screen",
  insecure:
    "Browsers allow {device} only on secure pages. Open this page over https, or as localhost on the computer that runs Node-RED.",
  embedded: "The page that embeds this one does not allow {device}. Its iframe needs {detail}.",
  denied:
    "The browser does not let this page use {device}. Allow it with the icon next to the address, and try again.",
  none: "The browser cannot find {device}. Connect it, or check the privacy settings of your system, and try again.",
  inUse: "Another program is using {device}, or the system blocks it. Close that program and try again.",
  failed: "The browser cannot open {device}: {detail}",
  soundBlocked: "The browser blocks sound. Click anywhere on this page.",
  soundFailed: "The sound cannot be played: {detail}",
};

export type Texts = typeof en;
export type Key = keyof Texts;
