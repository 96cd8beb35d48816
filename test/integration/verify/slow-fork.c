/* A fork takes 700 ms longer while the file MARK is there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/types.h>
#include <unistd.h>

pid_t fork(void) {
  pid_t (*real)(void) = (pid_t(*)(void))dlsym(RTLD_NEXT, "fork");
  pid_t child = real();
  if (child > 0 && access(MARK, F_OK) == 0) usleep(700000);
  return child;
}
