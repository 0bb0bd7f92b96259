// Runs the protocol part of the ESP32 sketch: takes records on stdin and answers with records on stdout. A record is a letter, the
// number of bytes as 32 bits little-endian, and the bytes. The argument is the name of the device.

#include <cstdio>

#include "voice.h"

static void answer(char kind, const void* bytes, size_t length) {
  const uint8_t head[] = {(uint8_t)kind, (uint8_t)length, (uint8_t)(length >> 8), (uint8_t)(length >> 16), (uint8_t)(length >> 24)};
  fwrite(head, 1, sizeof(head), stdout);
  fwrite(bytes, 1, length, stdout);
}

static uint32_t number(const uint8_t* bytes) {
  return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

int main(int, char** arguments) {
  static voice::Speaker speaker;
  static voice::Microphone microphone;
  voice::Button button;
  for (const char* what : {"mic", "button", "status", "speaker", "control"}) {
    const std::string topic = voice::topicOf(arguments[1], what);
    answer('t', topic.data(), topic.size());
  }
  uint8_t head[5];
  while (fread(head, 1, sizeof(head), stdin) == sizeof(head)) {
    std::vector<uint8_t> record(number(head + 1));
    if (fread(record.data(), 1, record.size(), stdin) != record.size()) return 1;
    const uint8_t* bytes = record.data();
    switch (head[0]) {
      case 'm': {  // The microphone records, in I2S slots of 32 bits.
        static int16_t frame[voice::MICROPHONE_FRAME];
        std::vector<int32_t> slots(record.size() / 4);
        std::memcpy(slots.data(), bytes, slots.size() * 4);
        microphone.record(slots.data(), slots.size());
        while (microphone.takeFrame(frame)) answer('m', frame, sizeof(frame));
        break;
      }
      case 'd':  // The microphone drops all but so many samples.
        microphone.keep(number(bytes));
        break;
      case 'b':  // Bytes of a WebSocket message arrive.
        speaker.receiveSound(bytes, record.size());
        break;
      case 's':  // The text of a WebSocket message arrives.
        speaker.receiveText(bytes, record.size());
        break;
      case 'q': {  // A message of MQTT arrives: topic, zero, payload.
        const char* topic = reinterpret_cast<const char*>(bytes);
        const size_t skipped = std::strlen(topic) + 1;
        voice::receive(speaker, arguments[1], topic, bytes + skipped, record.size() - skipped);
        break;
      }
      case 'p': {  // The loudspeaker plays this many samples.
        std::vector<int16_t> samples(number(bytes));
        if (speaker.takeFlush()) answer('f', nullptr, 0);
        speaker.play(samples.data(), samples.size());
        answer('p', samples.data(), samples.size() * 2);
        break;
      }
      case 'k': {  // The pin of the button: the time in milliseconds, and whether it is pressed.
        const char* change = button.update(bytes[4] != 0, number(bytes));
        if (change) answer('k', change, std::strlen(change));
        break;
      }
      default:
        return 1;
    }
  }
  return 0;
}
