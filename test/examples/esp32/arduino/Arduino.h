// Declares what the sketch uses of the ESP32's Arduino core, so that it compiles without one.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
constexpr int INPUT_PULLUP = 5, LOW = 0;
void pinMode(uint8_t pin, uint8_t mode);
int digitalRead(uint8_t pin);
unsigned long millis();
void delay(uint32_t ms);
int xTaskCreatePinnedToCore(void (*task)(void*), const char* name, uint32_t stackDepth, void* parameters,
                            unsigned priority, void* createdTask, int core);
struct SerialPort {
  void begin(unsigned long baud);
  size_t println(const char* text);
};
extern SerialPort Serial;
