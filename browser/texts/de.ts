// The texts of the page in German.

import type { Texts } from "./en";

export const de: Texts = {
  talk: "Gespräch starten",
  hold: "Gedrückt halten und sprechen",
  release: "Zum Senden loslassen",
  end: "Gespräch beenden",
  mute: "Stummschalten",
  interrupt: "Antwort abbrechen",
  camera: "Kamera",
  screen: "Bildschirm teilen",
  settings: "Einstellungen",
  microphone: "Mikrofon",
  loudspeaker: "Lautsprecher",
  volume: "Lautstärke",
  device: "Systemstandard",
  message: "Nachricht schreiben",
  send: "Senden",
  level: "Mikrofonpegel",
  captions: "Gespräch",
  preview: "Das gesendete Bild",
  dismiss: "Schließen",
  you: "Sie",
  model: "Modell",
  thoughts: "Gedanken",
  sources: "Quellen",

  hintOpen: "Tippen Sie auf den Knopf und sprechen Sie.",
  hintHold: "Halten Sie beim Sprechen den Knopf oder die Leertaste gedrückt.",

  disconnected: "Nicht verbunden",
  connecting: "Verbindung wird aufgebaut",
  connected: "Verbunden",
  interrupted: "Unterbrochen",
  closing: "Wird beendet",

  starting: "Mikrofon wird geöffnet…",
  listening: "Hört zu",
  hearing: "Hört Sie sprechen",
  thinking: "Denkt nach…",
  speaking: "Spricht",
  muted: "Mikrofon stummgeschaltet",
  tool: "Verwendet {name}…",

  opening: "Verbindung zu Node-RED wird aufgebaut…",
  lost: "Die Verbindung zu Node-RED ist unterbrochen. Neuer Versuch…",
  offline: "Kein Netzwerk. Die Seite verbindet sich neu, sobald das Netzwerk wieder da ist.",
  full: "Zu viele Seiten sind offen. Schließen Sie eine andere, dann verbindet sich diese automatisch.",
  refused: "Node-RED hat abgelehnt, was die Seite gesendet hat. Starten Sie das Gespräch neu.",
  login: "Ihre Anmeldung ist abgelaufen. Laden Sie diese Seite neu, um sich wieder anzumelden.",
  back: "Wieder mit Node-RED verbunden.",

  simulator:
    "Sie sprechen mit dem Simulator. Er ist ein Echo, kein Modell: Er wiederholt, was Sie sagen, mit Ihrer eigenen Stimme.",
  gemini: "Sie sprechen mit {model} über die Gemini API.",
  vertex: "Sie sprechen mit {model} über Vertex AI.",
  custom: "Sie sprechen mit {model} über einen eigenen Server.",

  theMicrophone: "das Mikrofon",
  theCamera: "die Kamera",
  theScreen: "den Bildschirm",
  insecure:
    "Browser erlauben {device} nur auf sicheren Seiten. Öffnen Sie diese Seite über https oder auf dem Rechner, auf dem Node-RED läuft, über localhost.",
  embedded: "Die Seite, in die diese eingebettet ist, erlaubt {device} nicht. Ihr iframe braucht {detail}.",
  denied:
    "Der Browser sperrt {device} für diese Seite. Erlauben Sie den Zugriff über das Symbol neben der Adresse, und versuchen Sie es erneut.",
  none: "Der Browser findet {device} nicht. Schließen Sie das Gerät an oder prüfen Sie die Datenschutzeinstellungen des Systems, und versuchen Sie es erneut.",
  inUse:
    "Ein anderes Programm benutzt {device}, oder das System sperrt den Zugriff. Schließen Sie das Programm, und versuchen Sie es erneut.",
  failed: "Der Browser kann {device} nicht öffnen: {detail}",
  soundBlocked: "Der Browser blockiert den Ton. Klicken Sie irgendwo auf diese Seite.",
  soundFailed: "Der Ton kann nicht abgespielt werden: {detail}",
};
