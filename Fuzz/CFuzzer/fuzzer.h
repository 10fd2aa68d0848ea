#pragma once
#include <stddef.h>
#include <stdint.h>
// libFuzzer without its main: compiler-rt/lib/fuzzer/FuzzerInterface.h declares the rest.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *data, size_t size));
