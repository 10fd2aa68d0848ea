#define _GNU_SOURCE
#include "clinux.h"
#include <sys/prctl.h>
#include <unistd.h>

pid_t clinux_fork(void) { return fork(); }

int clinux_die_with_parent(int signal) { return prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0, 0, 0); }

int clinux_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }
