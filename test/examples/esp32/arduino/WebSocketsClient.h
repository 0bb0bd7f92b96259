// Declares what the sketch uses of WebSockets 2.7.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
enum WStype_t { WStype_DISCONNECTED, WStype_CONNECTED, WStype_TEXT, WStype_BIN, WStype_PING };
struct WebSocketsClient {
  void begin(const char* host, uint16_t port, const char* url = "/", const char* protocol = "arduino");
  void onEvent(std::function<void(WStype_t type, uint8_t* payload, size_t length)> onEvent);
  bool sendBIN(const uint8_t* payload, size_t length);
  bool isConnected();
  void loop();
  void setReconnectInterval(unsigned long ms);
  void enableHeartbeat(uint32_t pingIntervalMs, uint32_t pongTimeoutMs, uint8_t disconnectAfter);
};
