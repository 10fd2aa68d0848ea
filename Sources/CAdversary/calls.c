#define _GNU_SOURCE
#include "cadversary.h"
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

long cadversary_call(long number, const long a[6]) {
    long result = syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    return result == -1 ? -errno : result;
}

long cadversary_call32(long number, const long a[6]) {
#if defined(__x86_64__)
    // Six arguments: the last one is in the frame pointer, which is restored. Below the stack pointer may be locals (red zone).
    uint64_t last = (uint32_t)a[5];
    long result = number;
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpush %%rbp\n\tmov %[last], %%rbp\n\tint $0x80\n\tpop %%rbp\n\tlea 128(%%rsp), %%rsp"
                     : "+a"(result)
                     : "b"((uint64_t)(uint32_t)a[0]), "c"((uint64_t)(uint32_t)a[1]), "d"((uint64_t)(uint32_t)a[2]),
                       "S"((uint64_t)(uint32_t)a[3]), "D"((uint64_t)(uint32_t)a[4]), [last] "r"(last)
                     : "memory", "cc", "r8", "r9", "r10", "r11");
    return (int)result;
#else
    (void)number, (void)a;
    return -ENOSYS;
#endif
}

void *cadversary_low_memory(size_t size) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
#if defined(__x86_64__)
    flags |= MAP_32BIT;
#endif
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

long cadversary_ioctl(int fd, unsigned long request, long argument) {
    int result = ioctl(fd, request, argument);
    return result == -1 ? -errno : result;
}
