// Plays PCM16 through a jitter buffer: volume, choice of the loudspeaker, and silence at once when it is flushed.

import type { FromLoudspeaker, ToLoudspeaker } from "./worklets";

const DEFAULT_RATE = 24_000;

/** What plays sound of one sample rate. */
interface Line {
  rate: number;
  context: AudioContext;
  gain: GainNode;
  /** The loudspeaker's worklet, once it is loaded. */
  node: Promise<AudioWorkletNode>;
  /** Plays for browsers that choose a loudspeaker for elements only. */
  element?: HTMLAudioElement;
}

export interface PlaybackOptions {
  /** The address of worklets.js. */
  worklets: string;
  /** All sound of that turn was played. */
  onPlayed(turn: number): void;
  /** Sound begins or ends. */
  onPlaying(playing: boolean): void;
  /** The worklet cannot be loaded, or the loudspeaker cannot be used. */
  onError(error: Error): void;
}

export class Playback {
  readonly #options: PlaybackOptions;
  #line: Line | undefined;
  #volume = 1;
  #loudspeaker = "";

  constructor(options: PlaybackOptions) {
    this.#options = options;
  }

  /** The browser plays nothing before the user clicks or presses a key. */
  get blocked(): boolean {
    return this.#line?.context.state === "suspended";
  }

  /** Allows sound, in the handler of a click or a key. */
  unlock(): void {
    this.#line ??= this.#open(DEFAULT_RATE);
    if (this.#line.context.state !== "running") void this.#line.context.resume();
  }

  /** Queues mono PCM16 of a rate in Hz; `turn` is named by onPlayed. */
  play(pcm: ArrayBuffer, rate = DEFAULT_RATE, turn?: number): void {
    if (this.#line?.rate !== rate) {
      this.close();
      this.#line = this.#open(rate);
    }
    this.#send({ type: "sound", pcm, turn }, [pcm]);
  }

  /** The turn is complete. */
  end(turn: number): void {
    if (this.#line) this.#send({ type: "end", turn });
    else this.#options.onPlayed(turn);
  }

  /** Drops what was not played. It is silent within 50 ms. */
  flush(): void {
    this.#send({ type: "flush" });
  }

  /** @param volume from 0 to 1 */
  setVolume(volume: number): void {
    this.#volume = volume;
    if (this.#line) this.#line.gain.gain.value = volume;
  }

  /** @param deviceId of the loudspeaker; empty: the system's. Goes on playing when the last one was unplugged */
  setLoudspeaker(deviceId: string): void {
    this.#loudspeaker = deviceId;
    if (this.#line) void this.#choose(this.#line);
  }

  close(): void {
    const line = this.#line;
    this.#line = undefined;
    line?.element?.pause();
    void line?.context.close();
  }

  #open(rate: number): Line {
    const context = new AudioContext({ sampleRate: rate });
    // Chromium suspends it when its loudspeaker is unplugged.
    context.addEventListener("error", () => this.setLoudspeaker(""));
    const gain = new GainNode(context, { gain: this.#volume });
    gain.connect(context.destination);
    const { worklets, onPlayed, onPlaying, onError } = this.#options;
    const load = async () => {
      // First, so that no sound comes from another loudspeaker.
      if (this.#loudspeaker) await this.#choose(line);
      await context.audioWorklet.addModule(worklets);
      const node = new AudioWorkletNode(context, "loudspeaker", {
        numberOfInputs: 0,
        outputChannelCount: [1],
      });
      node.port.onmessage = ({ data }: MessageEvent<FromLoudspeaker>) => {
        if (data.type === "played") onPlayed(data.turn);
        else onPlaying(data.playing);
      };
      node.connect(gain);
      return node;
    };
    const line = { rate, context, gain } as Line;
    line.node = load();
    line.node.catch((error: Error) => context.state !== "closed" && onError(error));
    return line;
  }

  #send(message: ToLoudspeaker, transfer: Transferable[] = []) {
    this.#line?.node.then(
      ({ port }) => port.postMessage(message, transfer),
      () => {}, // #open reports it.
    );
  }

  async #choose(line: Line) {
    const { context } = line;
    try {
      await this.#setSink(line);
      void context.resume();
    } catch (error) {
      if (context.state !== "closed") this.#options.onError(error as Error);
    }
  }

  async #setSink(line: Line) {
    const { context, gain } = line;
    if ("setSinkId" in context) return (context as unknown as HTMLMediaElement).setSinkId(this.#loudspeaker);
    if (!line.element) {
      if (!this.#loudspeaker) return;
      line.element = new Audio();
      const stream = new MediaStreamAudioDestinationNode(context);
      gain.disconnect();
      gain.connect(stream);
      line.element.srcObject = stream.stream;
    }
    await line.element.setSinkId(this.#loudspeaker);
    await line.element.play();
  }
}

/** Whether the browser can choose a loudspeaker. */
export const choosesLoudspeaker = () =>
  "setSinkId" in AudioContext.prototype || "setSinkId" in HTMLMediaElement.prototype;
