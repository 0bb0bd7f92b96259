// What an ESP32 exchanges with the example flows, in plain C++: it runs on any computer, which the tests use.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

namespace voice {

/** Hz: of audio in and of audio out. */
constexpr size_t MICROPHONE_RATE = 16000;
constexpr size_t SPEAKER_RATE = 24000;
/** Samples in one message to the flow: 40 ms. */
constexpr size_t MICROPHONE_FRAME = MICROPHONE_RATE / 25;
/** Samples from before a press of the button that are sent, so that the first syllable is complete: 200 ms. */
constexpr size_t PRE_ROLL = MICROPHONE_RATE / 5;

/** Samples that wait between two tasks. */
class Ring {
 public:
  explicit Ring(size_t samples) : ring_(samples) {}

  /** Appends 16-bit little-endian samples, which need no alignment. What does not fit is dropped. */
  void write(const void* samples, size_t count) {
    std::lock_guard<std::mutex> lock(mutex_);
    const uint8_t* from = static_cast<const uint8_t*>(samples);
    for (; count > 0 && size_ < ring_.size(); --count, from += 2)
      std::memcpy(&ring_[(first_ + size_++) % ring_.size()], from, 2);
  }

  /** Takes up to `count` samples, and returns how many there were. */
  size_t read(int16_t* samples, size_t count) {
    std::lock_guard<std::mutex> lock(mutex_);
    size_t taken = 0;
    for (; taken < count && size_ > 0; --size_, first_ = (first_ + 1) % ring_.size())
      samples[taken++] = ring_[first_];
    return taken;
  }

  /** Drops all but the newest samples. */
  void keep(size_t count) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (size_ <= count) return;
    first_ = (first_ + size_ - count) % ring_.size();
    size_ = count;
  }

  size_t size() {
    std::lock_guard<std::mutex> lock(mutex_);
    return size_;
  }

 private:
  std::mutex mutex_;
  std::vector<int16_t> ring_;
  size_t first_ = 0;
  size_t size_ = 0;
};

/** The answer of the model on its way to the amplifier. One task receives, another one plays. */
class Speaker {
 public:
  /** A message with sound: mono PCM16. */
  void receiveSound(const uint8_t* bytes, size_t length) { ring_.write(bytes, length / 2); }

  /** A text message. `flush`: the user has interrupted the model. Others are events for devices that use them. */
  void receiveText(const uint8_t* text, size_t length) {
    if (length == 5 && std::memcmp(text, "flush", 5) == 0) flush();
  }

  /** Drops what waits. */
  void flush() {
    ring_.keep(0);
    flushed_ = true;
  }

  /** Whether there was a flush since the last call: the amplifier must then drop its own buffer, too. */
  bool takeFlush() { return flushed_.exchange(false); }

  /** Takes the next samples to play, with silence where no sound waits. */
  void play(int16_t* samples, size_t count) {
    const size_t taken = ring_.read(samples, count);
    std::memset(samples + taken, 0, (count - taken) * sizeof(int16_t));
  }

 private:
  /** One second. The flow sends 0.2 s ahead; more comes only after a delay of the network. */
  Ring ring_{SPEAKER_RATE};
  std::atomic<bool> flushed_{false};
};

/** The sound of an I2S microphone on its way to the flow. One task records, another one sends. */
class Microphone {
 public:
  /** Takes 32-bit slots with 24-bit samples in their upper bits. They become 16 bits with a gain of 4 (12 dB). */
  void record(const int32_t* slots, size_t count) {
    int16_t samples[64];
    for (size_t i = 0; i < count;) {
      size_t converted = 0;
      for (; converted < 64 && i < count; ++i) {
        const int32_t louder = slots[i] >> 14;
        samples[converted++] = louder > INT16_MAX ? INT16_MAX : louder < INT16_MIN ? INT16_MIN : louder;
      }
      ring_.write(samples, converted);
    }
  }

  /** Takes one frame to send. False: not that much sound waits yet. */
  bool takeFrame(int16_t (&frame)[MICROPHONE_FRAME]) {
    return ring_.size() >= MICROPHONE_FRAME && ring_.read(frame, MICROPHONE_FRAME) > 0;
  }

  /** Drops all but the newest samples. */
  void keep(size_t samples) { ring_.keep(samples); }

 private:
  Ring ring_{MICROPHONE_RATE / 2};
};

/** A push-to-talk button without its bounces. */
class Button {
 public:
  /** Takes the state of the pin and the time in milliseconds. Returns what to tell the flow, nullptr: nothing new. */
  const char* update(bool down, uint32_t now) {
    if (down != seen_) changedAt_ = now;
    seen_ = down;
    if (seen_ == down_ || now - changedAt_ < 20) return nullptr;
    down_ = seen_;
    return down_ ? "pressed" : "released";
  }

  bool isDown() const { return down_; }

 private:
  bool seen_ = false;
  bool down_ = false;
  uint32_t changedAt_ = 0;
};

/** The MQTT topics of a device: mic, button and status from it, speaker and control to it. */
inline std::string topicOf(const char* device, const char* what) {
  return std::string("voice/") + device + "/" + what;
}

/** Passes a message of MQTT to the speaker of the device. */
inline void receive(Speaker& speaker, const char* device, const char* topic, const uint8_t* bytes, size_t length) {
  if (topicOf(device, "speaker") == topic) speaker.receiveSound(bytes, length);
  if (topicOf(device, "control") == topic) speaker.receiveText(bytes, length);
}

}  // namespace voice
