// The settings of your device.

#pragma once

#define WIFI_NAME "your Wi-Fi"
#define WIFI_PASSWORD "your password"

// Over which protocol: 1 for the flow "ESP32 over MQTT", 0 for "ESP32 over WebSocket".
#define USE_MQTT 0

// WebSocket: the machine that runs Node-RED, and the path of the flow.
#define NODE_RED_HOST "192.168.1.10"
#define NODE_RED_PORT 1880
#define NODE_RED_PATH "/device"

// MQTT: the broker. A name for each device, without / + #. User and password are nullptr without a login.
#define MQTT_HOST "192.168.1.10"
#define MQTT_PORT 1883
#define MQTT_USER nullptr
#define MQTT_PASSWORD nullptr
#define DEVICE "kitchen"

// Push to talk: the microphone is sent while the button connects its pin with GND. 0: always. MQTT needs a button.
#define USE_BUTTON USE_MQTT
#define BUTTON_PIN 4

// The microphone (INMP441).
#define MICROPHONE_SCK 14
#define MICROPHONE_WS 15
#define MICROPHONE_SD 32

// The amplifier (MAX98357A).
#define SPEAKER_BCLK 26
#define SPEAKER_LRC 25
#define SPEAKER_DIN 22
