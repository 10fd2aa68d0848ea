#pragma once
// A system call without a libc, which would cost every vNode its memory. Answers the result, or -errno.
long init_call(long number, long a, long b, long c, long d);
// Numbers differ between machines and are macros.
enum init_number { init_exit, init_kill, init_wait, init_mask, init_signal, init_getpid, init_write, init_count };
long init_number(enum init_number which);
