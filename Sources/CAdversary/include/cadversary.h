#pragma once
// System calls as no library makes them. All answer as the kernel does: the value, or minus errno.
#include <stddef.h>
#include <stdint.h>

// The call of the own architecture.
long cadversary_call(long number, const long arguments[6]);
// The call of a 32-bit program, by the interrupt such a program makes; -ENOSYS off x86-64. Arguments must fit 32 bits.
long cadversary_call32(long number, const long arguments[6]);
// Memory whose addresses fit 32 bits where that is possible; NULL when there is none.
void *cadversary_low_memory(size_t size);
// openat(2) made by io_uring, which no system call filter sees.
long cadversary_uring_openat(int directory, const char *path, int flags);
// ioctl(2) is variadic.
long cadversary_ioctl(int fd, unsigned long request, long argument);
