// Types for the parts of @echogarden/speex-resampler-wasm that we use; it comes without any. The functions are those of
// speex_resampler.h (SpeexDSP), with pointers as byte addresses in the module's memory.

declare module "@echogarden/speex-resampler-wasm/simd" {
  export interface SpeexModule {
    /** The module's memory. It is replaced when the memory grows, so do not keep it. */
    readonly HEAPU8: Uint8Array;
    readonly HEAPU32: Uint32Array;
    /** Returns 0 when no memory is left. */
    _malloc(bytes: number): number;
    /** Returns a handle, or 0 and an error code at `error`. */
    _speex_resampler_init(
      channels: number,
      fromRate: number,
      toRate: number,
      quality: number,
      error: number,
    ): number;
    /** `inputLength` and `outputLength` point to sample counts: before the call the available, after it the used ones. */
    _speex_resampler_process_int(
      handle: number,
      channel: number,
      input: number,
      inputLength: number,
      output: number,
      outputLength: number,
    ): number;
    _speex_resampler_get_input_latency(handle: number): number;
    _speex_resampler_skip_zeros(handle: number): number;
    _speex_resampler_reset_mem(handle: number): number;
    _speex_resampler_destroy(handle: number): void;
  }
  export default function load(): Promise<SpeexModule>;
}
