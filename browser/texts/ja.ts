// The texts of the page in Japanese.

import type { Texts } from "./en";

export const ja: Texts = {
  talk: "会話を始める",
  hold: "押しながら話す",
  release: "離して送信",
  end: "会話を終了",
  mute: "ミュート",
  interrupt: "応答を止める",
  camera: "カメラ",
  screen: "画面を共有",
  settings: "設定",
  microphone: "マイク",
  loudspeaker: "スピーカー",
  volume: "音量",
  device: "システムの既定",
  message: "メッセージを入力",
  send: "送信",
  level: "マイクの入力レベル",
  captions: "会話",
  preview: "送信中の映像",
  dismiss: "閉じる",
  you: "あなた",
  model: "モデル",
  thoughts: "思考",
  sources: "出典",

  hintOpen: "ボタンを押して話してください。",
  hintHold: "ボタンまたはスペースキーを押しながら話してください。",

  disconnected: "未接続",
  connecting: "接続中",
  connected: "接続済み",
  interrupted: "中断されました",
  closing: "終了中",

  starting: "マイクを開いています…",
  listening: "聞いています",
  hearing: "あなたの声を聞いています",
  thinking: "考えています…",
  speaking: "話しています",
  muted: "マイクはミュート中",
  tool: "{name} を使用しています…",

  opening: "Node-RED に接続しています…",
  lost: "Node-RED との接続が切れました。再接続しています…",
  offline: "ネットワークに接続されていません。復旧すると自動で再接続します。",
  full: "開いているページが多すぎます。ほかのページを閉じると自動で接続します。",
  refused: "ページが送信した内容を Node-RED が拒否しました。会話を始め直してください。",
  login: "ログインの有効期限が切れました。ページを再読み込みしてログインし直してください。",
  back: "Node-RED に再接続しました。",

  simulator: "相手はシミュレーターです。AI モデルではなく、あなたの言葉をあなたの声のまま返します。",
  gemini: "Gemini API を通じて {model} と会話しています。",
  vertex: "Vertex AI を通じて {model} と会話しています。",
  custom: "カスタムサーバーを通じて {model} と会話しています。",

  theMicrophone: "マイク",
  theCamera: "カメラ",
  theScreen: "画面",
  insecure:
    "{device}は安全なページでのみ使えます。https で開くか、Node-RED が動いているコンピューターで localhost を開いてください。",
  embedded: "埋め込み元のページが{device}を許可していません。iframe に {detail} が必要です。",
  denied:
    "ブラウザーがこのページでの{device}の使用を許可していません。アドレスバーのアイコンで許可して、もう一度お試しください。",
  none: "{device}が見つかりません。接続するか、システムのプライバシー設定を確認して、もう一度お試しください。",
  inUse:
    "{device}がほかのプログラムで使用中か、システムにブロックされています。そのプログラムを閉じて、もう一度お試しください。",
  failed: "{device}を開けません: {detail}",
  soundBlocked: "ブラウザーが音の再生をブロックしています。ページをクリックしてください。",
  soundFailed: "音を再生できません: {detail}",
};
