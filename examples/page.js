// Shared by both pages: the button, and the microphone and loudspeaker. Each page has its own start(), which calls begin().
const element = (id) => document.getElementById(id);
/** The address of this page, without a slash at its end. */
const here = location.href.replace(/\/?([?#].*)?$/, "");
/** The current conversation; undefined while there is none. */
let talk;

element("talk").onclick = () => {
    element("problem").textContent = "";
    if (talk) return talk.stop();
    const started = start();
    const mine = talk;
    started.catch((error) => { if (talk === mine) fail(error.message); });
};

/** Begins a conversation. Its stop() calls `release`, which closes whatever the page has opened for it. */
function begin(release) {
    talk = {
        stop() {
            talk = undefined;
            release();
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

const worklets = `
// Sends the microphone as 16 kHz PCM16 in frames of 20 ms. From a context at a higher rate, each sample is the average of the
// samples in its 1/16000 s.
registerProcessor("microphone", class extends AudioWorkletProcessor {
    step = sampleRate / 16000;
    missing = this.step;
    sum = 0;
    frame = new Int16Array(320);
    filled = 0;
    process([[channel]]) {
        for (const sample of channel ?? []) {
            if (this.missing > 1) {
                this.sum += sample;
                this.missing -= 1;
            } else {
                this.push((this.sum + sample * this.missing) / this.step);
                this.sum = sample * (1 - this.missing);
                this.missing += this.step - 1;
            }
        }
        return true;
    }
    push(sample) {
        this.frame[this.filled++] = 32767 * Math.max(-1, Math.min(1, sample));
        if (this.filled < this.frame.length) return;
        this.port.postMessage(this.frame.buffer, [this.frame.buffer]);
        this.frame = new Int16Array(320);
        this.filled = 0;
    }
});
// Plays PCM16 chunks in order. Starts when 100 ms are queued or the turn is complete, also after the queue ran empty.
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

/**
 * Opens the microphone and the loudspeaker. On an error, both are closed again.
 * @param onFrame gets the microphone in frames of 20 ms: ArrayBuffers with 16 kHz mono PCM16
 * @returns play(), which takes ArrayBuffers with 24 kHz mono PCM16, "flush" or "turnComplete"; and close()
 */
async function openSound(onFrame) {
    if (!navigator.mediaDevices) throw new Error("The microphone needs a secure page: open it from this machine or over https.");
    const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    const opened = [];
    const close = () => {
        for (const track of stream.getTracks()) track.stop();
        for (const context of opened) context.close();
    };
    try {
        const source = openSource(stream);
        opened.push(source.context);
        const speaking = new AudioContext({ sampleRate: 24000 });
        opened.push(speaking);
        const code = URL.createObjectURL(new Blob([worklets], { type: "text/javascript" }));
        await Promise.all(opened.map(({ audioWorklet }) => audioWorklet.addModule(code)));
        const loudspeaker = new AudioWorkletNode(speaking, "loudspeaker", { numberOfInputs: 0, outputChannelCount: [1] });
        loudspeaker.connect(speaking.destination);
        const microphone = new AudioWorkletNode(source.context, "microphone", { numberOfOutputs: 0 });
        source.connect(microphone);
        microphone.port.onmessage = ({ data }) => onFrame(data);
        const play = (what) => loudspeaker.port.postMessage(what, what instanceof ArrayBuffer ? [what] : []);
        return { play, close };
    } catch (error) {
        close();
        throw error;
    }
}

/** Opens the microphone's stream at 16 kHz. Browsers that cannot, such as older versions of Firefox, open it at the device's own rate. */
function openSource(stream) {
    try {
        return sourceOf(stream, new AudioContext({ sampleRate: 16000 }));
    } catch {
        return sourceOf(stream, new AudioContext());
    }
}

function sourceOf(stream, context) {
    try {
        return context.createMediaStreamSource(stream);
    } catch (error) {
        context.close();
        throw error;
    }
}
