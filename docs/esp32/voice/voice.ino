// An ESP32 with an I2S microphone and an I2S amplifier talks to the flow "ESP32 over WebSocket" or "ESP32 over MQTT".
// Board package: esp32 by Espressif, version 3. Library: WebSockets by Markus Sattler, or PubSubClient by Nick O'Leary.

#include <Arduino.h>
#include <WiFi.h>
#include <driver/i2s_std.h>

#include "config.h"
#include "voice.h"

#if USE_MQTT
#include <PubSubClient.h>
#else
#include <WebSocketsClient.h>
#endif

voice::Speaker speaker;
voice::Microphone microphone;
voice::Button button;

// ---- I2S: a task for each direction, so that a slow network stops neither ----

/** Samples that a task handles at once: 10 ms. */
constexpr size_t MICROPHONE_BLOCK = voice::MICROPHONE_RATE / 100;
constexpr size_t SPEAKER_BLOCK = voice::SPEAKER_RATE / 100;

i2s_chan_handle_t i2sIn;
i2s_chan_handle_t i2sOut;

i2s_std_config_t i2sConfig(uint32_t rate, i2s_data_bit_width_t bits, i2s_slot_mode_t slots, int clock, int word) {
  i2s_std_config_t config = {};
  config.clk_cfg = I2S_STD_CLK_DEFAULT_CONFIG(rate);
  config.slot_cfg = I2S_STD_PHILIPS_SLOT_DEFAULT_CONFIG(bits, slots);
  config.gpio_cfg.mclk = GPIO_NUM_NC;
  config.gpio_cfg.bclk = (gpio_num_t)clock;
  config.gpio_cfg.ws = (gpio_num_t)word;
  config.gpio_cfg.dout = GPIO_NUM_NC;
  config.gpio_cfg.din = GPIO_NUM_NC;
  return config;
}

void startMicrophone() {
  i2s_chan_config_t channel = I2S_CHANNEL_DEFAULT_CONFIG(I2S_NUM_0, I2S_ROLE_MASTER);
  ESP_ERROR_CHECK(i2s_new_channel(&channel, nullptr, &i2sIn));
  i2s_std_config_t config = i2sConfig(voice::MICROPHONE_RATE, I2S_DATA_BIT_WIDTH_32BIT, I2S_SLOT_MODE_MONO,
                                      MICROPHONE_SCK, MICROPHONE_WS);
  config.slot_cfg.slot_mask = I2S_STD_SLOT_LEFT;  // The pin L/R of the microphone is at GND.
  config.gpio_cfg.din = (gpio_num_t)MICROPHONE_SD;
  ESP_ERROR_CHECK(i2s_channel_init_std_mode(i2sIn, &config));
  ESP_ERROR_CHECK(i2s_channel_enable(i2sIn));
}

void startSpeaker() {
  i2s_chan_config_t channel = I2S_CHANNEL_DEFAULT_CONFIG(I2S_NUM_1, I2S_ROLE_MASTER);
  channel.dma_desc_num = 4;
  channel.dma_frame_num = SPEAKER_BLOCK;
  channel.auto_clear = true;
  ESP_ERROR_CHECK(i2s_new_channel(&channel, &i2sOut, nullptr));
  // Stereo with the same sample twice: in mono, chips differ in the order of the samples.
  i2s_std_config_t config = i2sConfig(voice::SPEAKER_RATE, I2S_DATA_BIT_WIDTH_16BIT, I2S_SLOT_MODE_STEREO,
                                      SPEAKER_BCLK, SPEAKER_LRC);
  config.gpio_cfg.dout = (gpio_num_t)SPEAKER_DIN;
  ESP_ERROR_CHECK(i2s_channel_init_std_mode(i2sOut, &config));
  ESP_ERROR_CHECK(i2s_channel_enable(i2sOut));
}

void record(void*) {
  static int32_t slots[MICROPHONE_BLOCK];
  for (;;) {
    size_t bytes = 0;
    i2s_channel_read(i2sIn, slots, sizeof(slots), &bytes, 1000);
    microphone.record(slots, bytes / sizeof(slots[0]));
  }
}

/** Replaces the 40 ms that wait in the I2S driver by silence. */
void silence() {
  static const int16_t zeros[2 * SPEAKER_BLOCK] = {};
  size_t loaded = sizeof(zeros);
  i2s_channel_disable(i2sOut);
  while (loaded == sizeof(zeros))
    if (i2s_channel_preload_data(i2sOut, zeros, sizeof(zeros), &loaded) != ESP_OK) break;
  i2s_channel_enable(i2sOut);
}

void play(void*) {
  static int16_t samples[SPEAKER_BLOCK];
  static int16_t both[2 * SPEAKER_BLOCK];
  for (;;) {
    if (speaker.takeFlush()) silence();
    speaker.play(samples, SPEAKER_BLOCK);
    for (size_t i = 0; i < SPEAKER_BLOCK; ++i) both[2 * i] = both[2 * i + 1] = samples[i];
    size_t bytes = 0;
    i2s_channel_write(i2sOut, both, sizeof(both), &bytes, 1000);
  }
}

// ---- The network: connects, receives and sends ----

#if USE_MQTT

WiFiClient tcp;
PubSubClient mqtt(tcp);

void startNetwork() {
  mqtt.setServer(MQTT_HOST, MQTT_PORT);
  mqtt.setBufferSize(4096);
  mqtt.setKeepAlive(5);  // After one and a half of it without a sign, the broker sends the last will.
  mqtt.setCallback([](char* topic, uint8_t* bytes, unsigned int length) {
    voice::receive(speaker, DEVICE, topic, bytes, length);
  });
}

void publish(const char* what, const void* bytes, size_t length) {
  mqtt.publish(voice::topicOf(DEVICE, what).c_str(), (const uint8_t*)bytes, length);
}

/** True when there is a connection. */
bool keepConnected() {
  static uint32_t triedAt = 0;
  if (mqtt.loop()) return true;
  if (triedAt && millis() - triedAt < 2000) return false;
  speaker.flush();
  if (mqtt.connect(DEVICE, MQTT_USER, MQTT_PASSWORD, voice::topicOf(DEVICE, "status").c_str(), 0, false, "offline")) {
    tcp.setNoDelay(true);
    mqtt.subscribe(voice::topicOf(DEVICE, "speaker").c_str());
    mqtt.subscribe(voice::topicOf(DEVICE, "control").c_str());
    if (button.isDown()) publish("button", "pressed", 7);
    Serial.println("Connected");
  }
  triedAt = millis();
  return false;
}

void sendButton(const char* change) { publish("button", change, strlen(change)); }

void sendSound(const int16_t* samples, size_t bytes) { publish("mic", samples, bytes); }

#else

WebSocketsClient webSocket;

void startNetwork() {
  webSocket.onEvent([](WStype_t type, uint8_t* bytes, size_t length) {
    if (type == WStype_BIN) speaker.receiveSound(bytes, length);
    if (type == WStype_TEXT) speaker.receiveText(bytes, length);
    if (type == WStype_DISCONNECTED) speaker.flush();
    if (type == WStype_CONNECTED) Serial.println("Connected");
  });
  webSocket.setReconnectInterval(2000);
  webSocket.enableHeartbeat(10000, 5000, 2);
  webSocket.begin(NODE_RED_HOST, NODE_RED_PORT, NODE_RED_PATH);
}

/** True when there is a connection. */
bool keepConnected() {
  webSocket.loop();
  return webSocket.isConnected();
}

void sendButton(const char*) {}  // The pause in the sound ends the turn.

void sendSound(const int16_t* samples, size_t bytes) { webSocket.sendBIN((const uint8_t*)samples, bytes); }

#endif

// ---- ----

void setup() {
  Serial.begin(115200);
  pinMode(BUTTON_PIN, INPUT_PULLUP);
  startMicrophone();
  startSpeaker();
  WiFi.mode(WIFI_STA);
  WiFi.setSleep(false);  // Power saving delays sound by up to 0.3 s.
  WiFi.begin(WIFI_NAME, WIFI_PASSWORD);
  startNetwork();
  xTaskCreatePinnedToCore(record, "record", 4096, nullptr, 5, nullptr, 1);
  xTaskCreatePinnedToCore(play, "play", 4096, nullptr, 5, nullptr, 1);
}

void loop() {
  static int16_t frame[voice::MICROPHONE_FRAME];
  const bool connected = WiFi.status() == WL_CONNECTED && keepConnected();
  const char* change = button.update(USE_BUTTON && digitalRead(BUTTON_PIN) == LOW, millis());
  if (connected && change) sendButton(change);
  if (!connected) microphone.keep(0);
  if (USE_BUTTON && !button.isDown()) microphone.keep(voice::PRE_ROLL);
  else while (microphone.takeFrame(frame)) sendSound(frame, sizeof(frame));
  delay(1);
}
