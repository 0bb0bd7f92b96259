// Declares what the sketch uses of the Wi-Fi library.
#pragma once
enum wifi_mode_t { WIFI_STA };
enum wl_status_t { WL_CONNECTED };
struct WiFiClass {
  bool mode(wifi_mode_t mode);
  bool setSleep(bool enabled);
  wl_status_t begin(const char* name, const char* password);
  wl_status_t status();
};
extern WiFiClass WiFi;
struct Client {};
struct WiFiClient : Client {
  int setNoDelay(bool noDelay);
};
