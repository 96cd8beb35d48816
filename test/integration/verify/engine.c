/* A library that leaves a mark as soon as a program loads it. */
#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void mark(void) {
  FILE *file = fopen(MARK, "w");
  if (file) fclose(file);
}
