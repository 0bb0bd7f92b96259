// What both pages have: the button, which calls the page's own start() and the stop() of the talk that this begins, and sound.
const element = (id) => document.getElementById(id);
/** The address of this page, without a slash at its end. */
const here = location.href.replace(/\/?([?#].*)?$/, "");
let talk;

element("talk").onclick = () => {
    element("problem").textContent = "";
    if (talk) return talk.stop();
    const started = start();
    const mine = talk;
    started.catch((error) => { if (talk === mine) fail(error.message); });
};

/** Begins a talk, which lets go of what it holds when it is stopped. */
function begin(letGo) {
    talk = {
        stop() {
            talk = undefined;
            letGo();
            element("talk").textContent = "Start talking";
            showState("not connected");
        },
    };
    element("talk").textContent = "Stop";
    element("captions").replaceChildren();
    showState("connecting");
    return talk;
}

function fail(problem) {
    talk?.stop();
    element("problem").textContent = problem;
}

function showState(state) {
    element("state").textContent = state;
    document.body.dataset.state = state;
}

// The microphone and the loudspeaker, in the audio threads of two contexts: one at 16 kHz, the other at 24 kHz.
const worklets = `
// Sends the microphone's sound as PCM16 in chunks of 20 ms.
registerProcessor("microphone", class extends AudioWorkletProcessor {
    chunk = new Int16Array(320);
    filled = 0;
    process([[channel]]) {
        for (const sample of channel ?? []) {
            this.chunk[this.filled++] = 32767 * Math.max(-1, Math.min(1, sample));
            if (this.filled < this.chunk.length) continue;
            this.port.postMessage(this.chunk.buffer, [this.chunk.buffer]);
            this.chunk = new Int16Array(320);
            this.filled = 0;
        }
        return true;
    }
});
// Plays PCM16 chunks one after the other. It begins when 100 ms are there, or when the turn is over, and again after it ran dry.
registerProcessor("loudspeaker", class extends AudioWorkletProcessor {
    chunks = [];
    read = 0;
    queued = 0;
    playing = false;
    constructor() {
        super();
        this.port.onmessage = ({ data }) => {
            if (data === "flush") { this.chunks = []; this.queued = 0; this.read = 0; }
            else if (data === "turnComplete") this.playing = this.queued > 0;
            else { this.chunks.push(new Int16Array(data)); this.queued += data.byteLength / 2; }
        };
    }
    process(_, [[channel]]) {
        this.playing = this.queued > (this.playing ? 0 : sampleRate / 10);
        for (let i = 0; this.playing && i < channel.length; i++) {
            if (!this.queued) break;
            channel[i] = this.chunks[0][this.read++] / 32768;
            this.queued--;
            if (this.read === this.chunks[0].length) { this.chunks.shift(); this.read = 0; }
        }
        return true;
    }
});`;

/** Opens both. `onChunk` gets the microphone's chunks; what the loudspeaker is told to play are ArrayBuffers, "flush" and "turnComplete". */
async function openSound(onChunk) {
    if (!navigator.mediaDevices) throw new Error("A browser gives its microphone only to pages from this machine or over https.");
    const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    const hearing = new AudioContext({ sampleRate: 16000 });
    const speaking = new AudioContext({ sampleRate: 24000 });
    const code = URL.createObjectURL(new Blob([worklets], { type: "text/javascript" }));
    await Promise.all([hearing.audioWorklet.addModule(code), speaking.audioWorklet.addModule(code)]);
    const loudspeaker = new AudioWorkletNode(speaking, "loudspeaker", { numberOfInputs: 0, outputChannelCount: [1] });
    loudspeaker.connect(speaking.destination);
    const microphone = new AudioWorkletNode(hearing, "microphone", { numberOfOutputs: 0 });
    hearing.createMediaStreamSource(stream).connect(microphone);
    microphone.port.onmessage = ({ data }) => onChunk(data);
    return {
        play(what) {
            loudspeaker.port.postMessage(what, what instanceof ArrayBuffer ? [what] : []);
        },
        close() {
            for (const track of stream.getTracks()) track.stop();
            hearing.close();
            speaking.close();
        },
    };
}
