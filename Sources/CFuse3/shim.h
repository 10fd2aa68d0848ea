#pragma once
// fuse_session_custom_io is declared from API version 3.13 on.
#define FUSE_USE_VERSION 313
#include <fuse3/fuse_lowlevel.h>
