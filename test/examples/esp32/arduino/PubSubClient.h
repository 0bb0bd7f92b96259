// Declares what the sketch uses of PubSubClient 2.8.
#pragma once
#include <cstdint>
#include <functional>
struct PubSubClient {
  explicit PubSubClient(Client& client);
  PubSubClient& setServer(const char* host, uint16_t port);
  PubSubClient& setCallback(std::function<void(char*, uint8_t*, unsigned int)> callback);
  PubSubClient& setKeepAlive(uint16_t seconds);
  bool setBufferSize(uint16_t size);
  bool connect(const char* id, const char* user, const char* password, const char* willTopic, uint8_t willQos,
               bool willRetain, const char* willMessage);
  bool publish(const char* topic, const uint8_t* payload, unsigned int length);
  bool subscribe(const char* topic);
  bool loop();
};
